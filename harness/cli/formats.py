"""`--format --output --write`: in which formats a report or a comparison is given, and where to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from harness.errors import HarnessError, WrongUse

if TYPE_CHECKING:
    from harness.judged import Compared
    from harness.shown import RunResults

TEXT, JSON = "text", "json"


def add_arguments(parser: argparse.ArgumentParser, formats: Mapping[str, str]) -> None:
    """`[--format NAME] [--output FILE] [--write NAME=FILE …]`."""
    parser.add_argument("--format", choices=tuple(formats), metavar="NAME", help=_help(formats))
    parser.add_argument("--output", type=Path, metavar="FILE", help="write that to a file, not to standard output")

    def pair(text: str) -> tuple[str, Path]:
        name, _, file = text.partition("=")
        if name not in formats or not file:
            raise argparse.ArgumentTypeError(f"'{text}' is not one of {', '.join(formats)} with =FILE, such as html=report.html")  # fmt: skip
        return name, Path(file)

    parser.add_argument(
        "--write", type=pair, action="append", default=[], metavar="NAME=FILE", help="also write this format to that file"
    )  # fmt: skip


def _help(formats: Mapping[str, str]) -> str:
    listed = "; ".join(f"{name}: {what}" for name, what in formats.items())
    return f"{listed.replace('%', '%%')} (default: {TEXT})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The format for standard output, or for `output`; those for files besides. `json` takes standard output, and the format goes to standard error."""

    format: str
    output: Path | None
    files: tuple[tuple[str, Path], ...]
    json: bool

    @classmethod
    def of(cls, options: argparse.Namespace) -> Wanted:
        """Raises WrongUse where two want standard output."""
        if options.json and options.format not in {None, TEXT} and options.output is None:
            raise WrongUse(f"--json and --format {options.format} both take standard output: give --output a file, or choose one")  # fmt: skip
        return cls(options.format or TEXT, options.output, tuple(options.write), options.json)

    @property
    def plain(self) -> bool:
        """Whether nothing but text in the terminal is wanted."""
        return self.format == TEXT and self.output is None and not self.files

    def give(self, model: RunResults | Compared) -> None:
        """Write everything that is wanted. Raises HarnessError for a file that cannot be written."""
        from harness.render import formats

        targets = [*self.files]
        if self.output is None:
            formats.write(self.format, model, sys.stderr if self.json else sys.stdout)
        else:
            targets.append((self.format, self.output))
        if self.json:
            formats.write(JSON, model, sys.stdout)
        for name, path in targets:
            try:
                with _opened(path) as file:
                    formats.write(name, model, file)
            except OSError as error:
                raise HarnessError(f"{path} cannot be written: {error.strerror}") from error
            print(f"{name:<8} {path}", file=sys.stderr)


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf-8", newline="")
