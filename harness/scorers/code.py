"""The scorer `code`: runs the Python code of a reply against tests, in a confined process (see `confined` for how far)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from harness.scorers.opinion import Opinion, Scorer, Unfit, right, wrong
from harness.scorers.reading import fences
from harness.scorers.sandbox import Job, run_confined
from harness.told import Outcome
from harness.wording import said

LONGEST_S = 300.0
PYTHON = frozenset({"python", "python3", "py"})


@dataclass(frozen=True, slots=True)
class CodeOptions:
    """`code`: the Python code of the reply passes `tests`, Python code that asserts, run after it in the same module.

    The code is the last fenced block that defines `entry_point`, or the last block in Python, or the last in no language,
    or the whole reply. With an `entry_point`, tests may define `check(candidate)`, which is called with it. `setup` is Python
    code that runs first: imports and helpers that the prompt showed, and that the reply need not repeat. All is over after
    `timeout_s` seconds (wall-clock).
    """

    tests: str
    entry_point: str | None = None
    timeout_s: float = 5.0
    setup: str = ""

    def __post_init__(self) -> None:
        for name, code in (("tests", self.tests), ("setup", self.setup)):
            try:
                compile(code, name, "exec")
            except (SyntaxError, ValueError) as problem:
                raise Unfit(f"{name!r} is no Python: {problem}") from None
        if not self.tests.strip():
            raise Unfit("'tests' must not be empty")
        if self.entry_point is not None and not self.entry_point.isidentifier():
            raise Unfit(f"'entry_point' must be a name, not {self.entry_point!r}")
        if not 0 < self.timeout_s <= LONGEST_S:
            raise Unfit(f"'timeout_s' must be above 0 and at most {LONGEST_S:g}, not {self.timeout_s!r}")


def code_of(text: str, entry_point: str | None) -> str:
    """The Python code of a reply, chosen as `CodeOptions` tells."""
    blocks = fences(text)
    python = [content for language, content in blocks if language in PYTHON]
    bare = [content for language, content in blocks if not language]
    candidates = python or bare
    if entry_point:
        name = re.escape(entry_point)
        defines = re.compile(
            rf"^(?:(?:async\s+)?def\s+{name}\b|class\s+{name}\b|{name}\s*(?::[^=\n]+)?=)", re.MULTILINE
        )
        candidates = [content for content in candidates if defines.search(content)] or candidates
    return candidates[-1] if candidates else text


def _fits(_options: CodeOptions, _expect: Any) -> None:
    """Any expectation fits: the tests say what is wanted."""


def _judge(options: CodeOptions, _expect: Any, outcome: Outcome) -> Opinion:
    code = code_of(said(outcome.reply), options.entry_point)
    job = Job(code, options.tests, options.entry_point or "", options.setup)
    try:
        verdict = run_confined(job, options.timeout_s)
    except OSError as problem:
        return Opinion(None, code, f"it could not be run: {problem}")
    if verdict.isolation is None:
        return Opinion(None, code, f"it could not be run: {verdict.failure}")
    where = f"[confined by: {verdict.isolation}]"
    if verdict.failure is None:
        return right(code, f"all tests passed {where}")
    return wrong(f"{verdict.failure} {where}", code)


CODE = Scorer("1", CodeOptions, _fits, _judge, runs_code=True)
