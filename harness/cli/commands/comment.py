"""Write a comment at a pull request on GitHub, in place of the one that was left there before. For jobs of GitHub Actions."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.errors import ExitCode, WrongUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness comment FILE`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what `harness compare --write github-comment=FILE` wrote")  # fmt: skip


def main(options: argparse.Namespace) -> ExitCode:
    """Write it; prints its address."""
    import os

    from harness.commenting import PullRequest, comment

    try:
        body = options.file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise WrongUse(f"{options.file} cannot be read: {error}") from error
    print(comment(PullRequest.of(os.environ), body))
    return ExitCode.FINE
