"""The error tree: everything that this project raises on purpose.

    HarnessError                    exit code 3: something broke; what was recorded is kept
    ├── WrongUse                    exit code 4: the person asked for what cannot be done
    │   └── BadInput                exit code 4: a file says something wrong, with file and line
    ├── NothingSelected             exit code 5: the selection left nothing to do
    ├── UnfitReply                  exit code 3: a reply is not the object that was asked for
    ├── StoreError                  exit code 3: a run cannot be read or written
    ├── AllFailed                   exit code 1: no provider answered; each attempt is listed, and why it failed
    └── OverLimit                   exit code 1: a budget or a rate is used up; nothing was sent

Each message says what is wrong and what to do about it. The exit codes are pytest's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What the command line returns; the same meanings as pytest's exit codes."""

    FINE = 0
    BELOW = 1  # below a threshold, regressed, or a provider failed for all of its trials
    INTERRUPTED = 2
    BROKEN = 3
    WRONG_USE = 4
    NOTHING = 5


class HarnessError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns for it."""

    exit_code = ExitCode.BROKEN


class WrongUse(HarnessError):
    """What was asked for cannot be done; the message says what can."""

    exit_code = ExitCode.WRONG_USE


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint about one place in a file that a person wrote.

    `line` counts from 1, None where the file as a whole is meant; `hint` says what would be right.
    """

    file: Path
    line: int | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return f"{place}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


class BadInput(WrongUse):
    """Files say something wrong; every problem found is listed, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NothingSelected(HarnessError):
    """The selection (names, tags, -k, --only, …) left nothing to do."""

    exit_code = ExitCode.NOTHING


class UnfitReply(HarnessError):
    """A reply is not the object that was asked for; `text` is what it is."""

    def __init__(self, message: str, text: str) -> None:
        self.text = text
        super().__init__(message)


class StoreError(HarnessError):
    """A run cannot be read or written; the message names the file."""


class AllFailed(HarnessError):
    """No provider answered; the message lists what was tried and why it failed. `attempts` are what went out, the first one first."""

    exit_code = ExitCode.BELOW

    def __init__(self, message: str, attempts: Sequence[object] = ()) -> None:
        self.attempts = tuple(attempts)
        super().__init__(message)


class OverLimit(HarnessError):
    """A budget or a rate of ours is used up, and nothing was sent. `retry_after_s`: when there is room again; None if that cannot be told."""

    exit_code = ExitCode.BELOW

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)
