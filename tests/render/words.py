"""A small made-up report that the tests of all formats draw."""

from datetime import UTC, datetime

from harness.judged import (
    ALL,
    Calibration,
    Compared,
    Comparison,
    Difference,
    Estimate,
    Flip,
    Gated,
    Percentiles,
    Report,
    Route,
    RoutingTable,
    Standing,
    Timing,
)
from harness.shown import Result, RunResults  # fmt: skip

CREATED = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def standing(provider: str, capability: str, value: float, cost: float | None = 0.002, **more: object) -> Standing:
    times = Percentiles(Estimate(0.12, 40, 0.11, 0.13), Estimate(0.4, 80, 0.3, 0.5))
    said = {
        "provider": provider, "capability": capability, "simulated": True, "n_cases": 40, "n_scored": 40, "n_unscored": 0,
        "n_failed": 0, "quality": Estimate(value, 40, max(0.0, value - 0.1), min(1.0, value + 0.05)), "shrunk_quality": value,
        "reliability": Estimate(1.0, 40, 0.91, 1.0), "ttft": times, "latency": times, "n_timed": 40,
        "spend_usd": None if cost is None else 40 * cost, "cost_per_call": cost,
        "cost_per_solved": None if cost is None else cost / value,
    } | more  # fmt: skip
    return Standing(**said)  # type: ignore[arg-type]  # made from a table of words


STANDINGS = (
    standing("careful", "facts", 0.95),
    standing("careful", "tools", 0.90, n_unscored=2, n_scored=38),
    standing("careful", ALL, 0.92),
    standing("frugal", "facts", 0.70, cost=0.0001),
    standing("frugal", "tools", 0.60, cost=0.0001),
    standing("frugal", ALL, 0.65, cost=0.0001, failures={"rate_limited": 3}),
)

ROUTING = RoutingTable(
    routes=(
        Route("facts", "shift", {"careful": 0.93, "frugal": 0.07}, "frugal", "careful", 0.93, Estimate(0.2, 40, 0.1, 0.3), None, "why so"),
        Route("tools", "insufficient", {"frugal": 1.0}, "frugal", "careful", 0.7, Estimate(0.1, 40, -0.1, 0.2), 60, "60 more needed"),
    ),
    objective="quality", margin=0.0, confidence=0.8, prior_mass=30.0, run_ids=("r",), suite_hashes={"facts": "ab"}, price_ids=("p1",),
    simulated=True, created=CREATED,
)  # fmt: skip

CALIBRATION = (
    Calibration("careful", "facts", "quality", Estimate(0.95, 40, 0.84, 0.99), 0.93, holds=True),
    Calibration("frugal", "facts", "quality", Estimate(0.70, 40, 0.55, 0.8), 0.85, holds=False),
    Calibration("careful", ALL, "ttft_p50_s", Estimate(0.102, 40), 0.1, holds=True),
    Calibration("careful", ALL, "prompt_tokens", Estimate(1000, 40), 1000, holds=True),
    Calibration("careful", ALL, "cost_usd", Estimate(0.1, 40), 0.1, holds=True),
)

GATES = (
    Gated("facts", "careful", "quality", 0.8, Estimate(0.95, 40, 0.8349, 0.9862), passed=True, why="quality 0.950 (0.835 to 0.986) is enough"),
    Gated("facts", "frugal", "quality", 0.8, Estimate(0.70, 40, 0.546, 0.819), passed=False, why="its lower bound is below 0.8"),
    Gated("facts", "frugal", "reliability", 0.9, None, passed=False, why="reliability: nothing was measured, and at least 0.9 is asked"),
)  # fmt: skip

REPORT = Report(
    run_id="20261121-093000-ab12", created=CREATED, harness_version="0.1.0", state="complete", simulated=True, seed=0, planned=160,
    trials=160, attempts=163, spend_usd=0.084, duration_s=12.3, suites={"facts": 40, "tools": 40}, providers=("careful", "frugal"),
    standings=STANDINGS, calibration=CALIBRATION, routing=ROUTING, gates=GATES,
)  # fmt: skip

SOLVED = Result(
    "careful", "facts", "facts", "moo", 0, "scored", 1.0, "", None, "What says moo?", "cow", "A cow.", 0.12, 0.4, True, 0.002, 3,
)  # fmt: skip
WRONG = Result(
    "frugal", "facts", "facts", "moo", 0, "scored", 0.0, "it is not cow", None, "What says moo?", "cow", "A goat.", 0.11, 0.2, True, 0.0001, 3,
)  # fmt: skip
FAILED = Result(
    "frugal", "tools", "tools", "weather", 0, "failed", None, "the server is overloaded", "overloaded", "What is the weather?", None, "",
    None, None, False, None, None,
)  # fmt: skip
CUT = Result(
    "careful", "tools", "tools", "weather", 1, "unscored", None, "cut at its token limit", None, "system: Be brief.\n\nuser: What is the weather?",
    "get_weather", "I would", 0.13, 0.5, False, 0.002, 16,
)  # fmt: skip
RUN = RunResults(REPORT, (SOLVED, WRONG, FAILED, CUT))

WORSE = Comparison(
    "frugal", "math", "math", "quality", simulated=True, verdict="regressed", why="worse by more than the tolerance", base=0.9, new=0.5,
    change=Estimate(-0.4, 40, -0.55, -0.25), p=0.001, p_adjusted=0.012, n_pairs=40,
)  # fmt: skip
CELLS = (
    WORSE,
    Comparison(
        "frugal", "math", "math", "latency", simulated=True, verdict="improved", why="faster", base=1.25, new=0.5,
        change=Estimate(0.4, 40, 0.3, 0.5), p=1e-10, p_adjusted=1e-9, n_pairs=40,
    ),
    Comparison(
        "frugal", "math", "math", "ttft", simulated=True, verdict="undecided", why="open", base=0.2, new=0.21, change=Estimate(1.05, 40, 0.9, 1.2),
        p=0.4, p_adjusted=0.6, n_pairs=40, n_needed=300,
    ),
    Comparison(
        "careful", "math", "math", "cost", simulated=True, verdict="equal", why="alike", base=0.0012, new=0.0012, change=Estimate(1.0, 40, 0.99, 1.01),
        p=1.0, p_adjusted=1.0, n_pairs=40,
    ),
    Comparison("careful", "tools", "tools", "quality", simulated=True, verdict="missing", why="NEW did not ask for it", n_missing=40),
    Comparison("careful", "math", "math", "tokens", simulated=True, verdict="invalid", why="no case has a known number of tokens in either run"),
)  # fmt: skip
FLIPS = (
    Flip("frugal", "math", "math", "sum-1", lost=True, base=1.0, new=0.0, prompt="What is 2 + 2?", base_reply="4", new_reply="5", new_reason="it is not 4"),
    Flip("frugal", "math", "math", "sum-2", lost=False, base=0.0, new=1.0, prompt="What is 3 + 3?", new_reply="6"),
)  # fmt: skip
COMPARED = Compared(
    "baseline (run-1)", "run-2", CELLS, FLIPS, (Difference("served model", "frugal", "m-1", "m-2", 40),), ("BASE and NEW were taken 2 hours apart.",),
    failed=True, base_id="run-1", new_id="run-2", tolerance={"quality": 0.02, "reliability": 0.02, "latency": 0.1, "cost": 0.05},
    timings=(Timing("frugal", "math", "math", "latency", (1.0, 1.25, 1.5), (0.4, 0.5, 0.6)),),
)  # fmt: skip
