"""A place in a file that a person wrote, and the complaints that are made about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from harness import document
from harness.document import KeyPath, LineOf
from harness.errors import BadInput, Problem

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Place:
    """Where something is said. The places below it share `problems`, in which every complaint is gathered.

    `line_of` gives lines by key path from the file's root, `at` is the path of this place.
    """

    file: Path
    line_of: LineOf
    problems: list[Problem]
    at: KeyPath = ()

    def below(self, *key: str | int) -> Place:
        """The place of `key` within this one."""
        return replace(self, at=(*self.at, *key))

    @property
    def line(self) -> int | None:
        """The line of this place, counted from 1."""
        return self.line_of(self.at)

    def wrong(self, message: str, hint: str = "") -> None:
        """Notes that something is wrong here, once however often it is said."""
        line = self.line
        if not any((one.line, one.message) == (line, message) for one in self.problems):
            self.problems.append(Problem(self.file, line, message, hint))

    def check(self, model: type[M], data: object) -> M | None:
        """`data` as an instance of `model`; None where it does not fit, with what is wrong noted."""
        try:
            return document.check(model, data, self.file, lambda key: self.line_of((*self.at, *key)))
        except BadInput as bad:
            self.problems.extend(bad.problems)
        return None

    @contextmanager
    def expecting_fit(self) -> Iterator[None]:
        """Turns a ValueError raised within ("what is wrong", newline, "what would be right") into a complaint here."""
        try:
            yield
        except ValueError as error:
            message, _, hint = str(error).partition("\n")
            self.wrong(message, hint.strip())
