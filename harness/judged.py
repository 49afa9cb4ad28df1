"""The words for what is made of the facts: Score, Standing, Verdict, Route, and the estimates they are stated in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from harness.ask import JsonObject, TrialRef

ScoreState = Literal["scored", "unscored", "failed"]
Decision = Literal["shift", "hold", "insufficient"]
Verdict = Literal["improved", "regressed", "equal", "undecided", "missing", "invalid"]
Status = Literal["candidate", "active", "retired"]
Measure = Literal["quality", "reliability", "ttft", "latency", "cost", "tokens"]
ALL = "all"
"""The capability name of a standing over all capabilities."""
SOLVED = 0.5
"""A case, or a trial, is solved from this value on."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its n and its two-sided 95 % interval; `low` and `high` are None where n is too small for one."""

    value: float
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One scorer's opinion of a trial.

    `scored`: `value` is from 0 to 1. `unscored`: there was an answer that could not be judged. `failed`: there was no
    answer. The last two have no value: neither is a wrong answer. `extracted` is what the scorer read in the reply.
    """

    ref: TrialRef
    scorer: str
    scorer_version: str
    state: ScoreState
    value: float | None = None
    extracted: str | None = None
    reason: str = ""
    weight: float = 1.0
    judge_trial_id: str | None = None


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles of a duration in seconds; None where n is too small for a 95 % interval (p95: 59, p99: 299)."""

    p50: Estimate | None = None
    p95: Estimate | None = None
    p99: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a provider is worth for a capability (`ALL`: over all of them). The unit is the case; costs are in USD.

    `quality` is over scored cases, `reliability` over attempted trials: read both with their n. Latency leaves out rows that were
    replayed or saturated; `n_saturated` of `n_timed` answered trials were.
    """

    provider: str
    capability: str
    simulated: bool
    n_cases: int
    n_scored: int
    n_unscored: int
    n_failed: int
    quality: Estimate | None
    shrunk_quality: float | None
    reliability: Estimate | None
    ttft: Percentiles = Percentiles()
    latency: Percentiles = Percentiles()
    n_timed: int = 0
    n_saturated: int = 0
    spend_usd: float | None = None
    cost_per_call: float | None = None
    cost_per_solved: float | None = None
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """For a capability: who gets which share of the traffic, and why.

    `weights` sum to 1. `difference` is challenger − incumbent in quality on the same cases, after shrinkage; `probability` is that of
    the challenger being better by more than the margin. `n_needed` says how many more cases would decide. `gain` is the same comparison in the
    objective's own unit, where that is not quality: the share of the cost that is saved (cost), its score (balanced), USD a task (dollars).
    `costs` are USD a call of the two on the cases they share, where known.
    """

    capability: str
    decision: Decision
    weights: Mapping[str, float]
    incumbent: str
    challenger: str | None
    probability: float | None
    difference: Estimate | None
    n_needed: int | None
    why: str
    gain: Estimate | None = None
    costs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """The routes with the evidence they rest on; `parent` is the content address of the table they replace.

    `terms` are what the objective was told beside margin and confidence: floor, limits in seconds, prices in USD, the half-life in days.
    A table is a `candidate` until it is applied, then `active`, and `retired` when another one is applied.
    """

    routes: tuple[Route, ...]
    objective: str
    margin: float
    confidence: float
    prior_mass: float
    run_ids: tuple[str, ...]
    suite_hashes: Mapping[str, str]
    price_ids: tuple[str, ...]
    simulated: bool
    created: datetime
    parent: str | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    status: Status = "candidate"


@dataclass(frozen=True, slots=True)
class Calibration:
    """For simulated runs: one measured figure beside what was true.

    `measure` is quality, ttft_p50_s, latency_p50_s, prompt_tokens, completion_tokens or cost_usd; `holds` is whether the truth lies in the
    interval (quality), within 5 % (times) or is equal (tokens, cost).
    """

    provider: str
    capability: str
    measure: str
    measured: Estimate
    truth: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of one measure of a provider, for a capability in a suite, between two runs, BASE and NEW, over the cases that pair.

    `suite` and `capability` are `ALL` where the cell gathers several. `base` and `new` are over the pairs: means of quality and reliability, medians
    of seconds, USD and completion tokens for each case. `change` is new − base of quality and reliability, and the typical new / base of the
    others. `p` is that of no change, directed at getting worse (`stats.Tails`), `p_adjusted` what is left of it beside the other cells of its family. A cell that is `missing` or `invalid`
    (not comparable) has none of them.

    `n_missing` cases have a figure in BASE only and `n_added` in NEW only; `unpaired` names both. `n_barred` more must not be held against each other,
    for the reasons in `barred`. `n_needed` says about how many more cases would decide an `undecided` cell; None where none within reach would.
    `explained`: it gathers a cell that has the same verdict, and says nothing more. `why` is one sentence.
    """

    provider: str
    suite: str
    capability: str
    measure: Measure
    simulated: bool
    verdict: Verdict
    why: str
    base: float | None = None
    new: float | None = None
    change: Estimate | None = None
    p: float | None = None
    p_adjusted: float | None = None
    n_pairs: int = 0
    n_missing: int = 0
    n_added: int = 0
    n_needed: int | None = None
    unpaired: tuple[str, ...] = ()
    n_barred: int = 0
    barred: tuple[str, ...] = ()
    explained: bool = False

    def gathers(self, other: Comparison) -> bool:
        """Whether the other cell's cases are a part of this one's."""
        mine, theirs = (self.suite, self.capability), (other.suite, other.capability)
        alike = (self.provider, self.measure) == (other.provider, other.measure)
        return alike and mine != theirs and all(a in {ALL, b} for a, b in zip(mine, theirs, strict=True))


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that one of two runs solved and the other did not; `lost` is whether BASE did. A case is solved from a value of 0.5 on.

    The prompt, both replies and what the scorers said of them are None where their run keeps no texts.
    """

    provider: str
    suite: str
    capability: str
    case_id: str
    lost: bool
    base: float
    new: float
    prompt: str | None = None
    base_reply: str | None = None
    new_reply: str | None = None
    base_reason: str | None = None
    new_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something besides the figures that is not the same in both runs, for `n_cases` cases of a provider (empty: of all).

    `what` is one of failures, served model, fingerprint, model, parameters, prices, scorers, suite.
    """

    what: str
    provider: str
    base: str
    new: str
    n_cases: int


@dataclass(frozen=True, slots=True)
class Timing:
    """A time (ttft or latency) in seconds of each case that counts for it, in BASE and in NEW; the repeats of a case are one, their median."""

    provider: str
    suite: str
    capability: str
    measure: Measure
    base: tuple[float, ...]
    new: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything that a comparison of two runs shows, whatever the format. `failed` is whether a verdict is among those that fail (`fail_on`).

    `base` and `new` are what a reader calls them, `base_id` and `new_id` the runs. `tolerance` is how far each figure may move and still be equal.
    """

    base: str
    new: str
    cells: tuple[Comparison, ...]
    flips: tuple[Flip, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    failed: bool
    base_id: str = ""
    new_id: str = ""
    tolerance: Mapping[str, float] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ("regressed", "missing")
    timings: tuple[Timing, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether a provider is simulated."""
        return any(one.simulated for one in self.cells)


@dataclass(frozen=True, slots=True)
class RunPoint:
    """A figure of one run: `value` over `n` cases."""

    run_id: str
    created: datetime
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class Trend:
    """How one measure of a provider, for a capability in a suite (`ALL`: for all), went over many runs; `points` are oldest first.

    `expected` is where past runs say that the last one should be, with its prediction interval. For a `step` `since` is the first run after it, `before` and
    `after` are the levels. `worse` says of a step or an unusual run whether it is for the worse. `p_step` and `p_last` are adjusted for the other trends.
    """

    provider: str
    suite: str
    capability: str
    measure: Measure
    simulated: bool
    points: tuple[RunPoint, ...]
    verdict: Literal["step", "unusual", "steady", "few"]
    worse: bool = False
    expected: Estimate | None = None
    since: str | None = None
    before: float | None = None
    after: float | None = None
    p_step: float | None = None
    p_last: float | None = None


@dataclass(frozen=True, slots=True)
class LoadLevel:
    """What one level of a load came to at one provider: so many requests a second (`is_open`), or so many in flight.

    `asked` trials were due, `dropped` of them never sent; `achieved` is answers a second. `response` is from the schedule in an open loop, otherwise the latency;
    `response_mean` is in seconds. `invalid` says why these figures are not the service's own; empty where they are. `knee`: see `standing.levels`.
    """

    provider: str
    level: float
    is_open: bool
    asked: int
    answered: int
    dropped: int
    achieved: float
    ttft: Percentiles
    latency: Percentiles
    response: Percentiles
    response_mean: float | None = None
    invalid: str = ""
    knee: bool = False


@dataclass(frozen=True, slots=True)
class Repeats:
    """What asking the same cases several times shows of a provider for a capability (`ALL`: over all of them).

    Over `n_cases` with at least `k` scored repeats: the share of right repeats (`pass_1`), the chance that one of k is right
    (`pass_at_k`), that all of k are (`pass_hat_k`), and what the answer that most repeats gave is worth (`majority`).
    """

    provider: str
    capability: str
    k: int
    n_cases: int
    pass_1: Estimate | None
    pass_at_k: Estimate | None
    pass_hat_k: Estimate | None
    majority: Estimate | None


@dataclass(frozen=True, slots=True)
class Judging:
    """What asking one judge (or embedding model) took: `questions`, of which `answered`, in `attempts` requests, `replayed` of them from the cache.

    `n_unscored` opinions are missing because it did not answer, or not in its form. `spend_usd` is None where the cost of an answer is unknown.
    """

    judge: str
    questions: int
    answered: int
    attempts: int
    replayed: int
    n_unscored: int
    spend_usd: float | None


@dataclass(frozen=True, slots=True)
class Gated:
    """One measure of a provider in a suite, held against the suite's gate by the lower bound of its interval. `why` is one sentence."""

    suite: str
    provider: str
    measure: Measure
    least: float
    estimate: Estimate | None
    passed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report shows of one run, whatever the format. `notes` are sentences that a reader must not miss.

    `attempts` are requests; `replayed` is how many answers came from the cache instead. `load` is the shape of the load, `levels` what it came to.
    `judging` is what the judges took: it is in no other figure. `gates` are those of the suites of which all cases were planned.
    """

    run_id: str
    created: datetime
    harness_version: str
    state: Literal["complete", "interrupted"]
    simulated: bool
    seed: int
    planned: int
    trials: int
    attempts: int
    spend_usd: float | None
    duration_s: float
    suites: Mapping[str, int]
    providers: tuple[str, ...]
    standings: tuple[Standing, ...]
    calibration: tuple[Calibration, ...] = ()
    routing: RoutingTable | None = None
    notes: tuple[str, ...] = ()
    replayed: int = 0
    load: JsonObject = field(default_factory=dict)
    levels: tuple[LoadLevel, ...] = ()
    repeats: tuple[Repeats, ...] = ()
    judging: tuple[Judging, ...] = ()
    gates: tuple[Gated, ...] = ()
