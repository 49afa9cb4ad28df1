"""List the published datasets that can be fetched, or fetch one: `harness data fetch gsm8k`.

It shows the licence and asks first. The file is of a pinned commit and held against its checksum; `harness run NAME` then needs no --data.
"""

from __future__ import annotations

import argparse
import sys

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness data [list | fetch NAME] [--yes] [--mirror URL]`."""
    parser.add_argument(
        "action", nargs="?", choices=("list", "fetch"), default="list", help="what to do (default: list)"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which dataset to fetch")
    parser.add_argument("--yes", action="store_true", help="accept the licence without being asked")
    parser.add_argument("--mirror", metavar="URL", help="fetch from here: URL/owner/repository/commit/path")
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """List or fetch."""
    if options.action == "list":
        return _list(as_json=options.json)
    from harness import fetching
    from harness.cli import story

    if options.name is None:
        raise WrongUse(f"say which: harness data fetch NAME, one of {', '.join(fetching.PUBLISHED)}")
    dataset = fetching.published(options.name)
    mirror = options.mirror or fetching.MIRROR
    told = f"{options.name} is published at {dataset.page} (commit {dataset.commit}) under {dataset.licence}"
    print(f"{told}; it will be fetched from {mirror}", file=sys.stderr)
    if not options.yes and not _consents():
        print("nothing was fetched: --yes accepts the licence", file=sys.stderr)
        return ExitCode.NOTHING
    folder = fetching.fetch(options.name, mirror)
    if options.json:
        story.print_json({"name": options.name, "folder": folder, "licence": dataset.licence, "commit": dataset.commit})
    else:
        print(f"fetched: {folder}; `harness run {options.name}` asks it")
    return ExitCode.FINE


def _consents() -> bool:
    """Whether the person at the terminal says yes; without a terminal nobody does."""
    if not sys.stdin.isatty():
        return False
    print("Do you accept the licence, and fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _list(*, as_json: bool) -> ExitCode:
    from harness import fetching
    from harness.cli import story

    told = [
        {"name": name, "licence": one.licence, "page": one.page, "commit": one.commit, "folder": fetching.fetched(name)}
        for name, one in fetching.PUBLISHED.items()
    ]
    if as_json:
        story.print_json(told)
        return ExitCode.FINE
    for one in told:
        here = one["folder"] or f"not fetched (`harness data fetch {one['name']}`)"
        print(f"{one['name']:<10} {one['licence']:<22} {one['page']}\n{'':<10} {here}")
    return ExitCode.FINE
