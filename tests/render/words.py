"""A small made-up report that the tests of all formats draw."""

from datetime import UTC, datetime

from harness.judged import ALL, Calibration, Estimate, Percentiles, Report, Route, RoutingTable, Standing

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

REPORT = Report(
    run_id="20261121-093000-ab12", created=CREATED, harness_version="0.1.0", state="complete", simulated=True, seed=0, planned=160,
    trials=160, attempts=163, spend_usd=0.084, duration_s=12.3, suites={"facts": 40, "tools": 40}, providers=("careful", "frugal"),
    standings=STANDINGS, calibration=CALIBRATION, routing=ROUTING,
)  # fmt: skip
