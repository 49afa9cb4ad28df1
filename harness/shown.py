"""The words for what a format shows of a run: its report, and each trial with what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.judged import SOLVED, Report, ScoreState


@dataclass(frozen=True, slots=True)
class Result:
    """What one trial came to, and what was said: `reply` is the text, or the tool calls as JSON where there is none.

    `reason` is what the scorers said, or how it failed where there is no answer; `failure` is the kind of that. `expected` is None where no suite has the
    case any more. `timed`: its times count for latency (measured, not replayed, not saturated).
    """

    provider: str
    suite: str
    capability: str
    case_id: str
    repeat: int
    state: ScoreState
    value: float | None
    reason: str
    failure: str | None
    prompt: str
    expected: str | None
    reply: str
    ttft_s: float | None
    latency_s: float | None
    timed: bool
    cost_usd: float | None
    completion_tokens: int | None

    @property
    def outcome(self) -> Literal["solved", "not solved", "unscored", "failed"]:
        """In a word or two."""
        if self.state != "scored":
            return self.state
        return "solved" if self.value is not None and self.value >= SOLVED else "not solved"


@dataclass(frozen=True, slots=True)
class RunResults:
    """Everything that a format shows of one run: its report, and what each trial came to."""

    report: Report
    results: tuple[Result, ...]
