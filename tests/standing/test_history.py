import pytest

from harness import standing
from harness.judged import Trend
from tests.standing.nights import nights, outcomes


def trend(runs, measure: str, provider: str = "a") -> Trend:
    (found,) = [one for one in standing.history(runs) if (one.measure, one.provider) == (measure, provider)]
    return found


def test_a_step_is_named_with_the_run_it_came_with():
    runs = nights([1.0] * 20, [0.1] * 12 + [-0.2] * 8)
    found = trend(runs, "quality")
    assert (found.verdict, found.worse) == ("step", True)
    assert found.since in {run.run_id for run in runs[11:14]}
    assert found.before is not None
    assert found.after is not None
    assert found.before - found.after > 0.2
    assert trend(runs, "latency").verdict == "steady"


def test_a_slow_drift_shows():
    found = trend(nights([1 + 0.02 * k for k in range(20)], [0.0] * 20), "latency")
    assert (found.verdict, found.worse) == ("step", True)
    assert trend(nights([1 - 0.02 * k for k in range(20)], [0.0] * 20), "latency").worse is False


def test_one_noisy_night_in_the_past_does_not_show_and_as_the_last_it_is_unusual():
    noisy = [1.0] * 20
    noisy[9] = 2.0
    assert trend(nights(noisy, [0.0] * 20), "latency").verdict == "steady"
    last = trend(nights([1.0] * 19 + [1.6], [0.0] * 20), "latency")
    assert (last.verdict, last.worse, last.since) == ("unusual", True, None)
    assert last.expected
    assert last.expected.high
    assert last.points[-1].value > last.expected.high


def test_few_runs_give_no_verdict_and_a_few_more_no_step():
    assert trend(nights([1.0] * 3, [0.0] * 3), "latency").verdict == "few"
    four = trend(nights([1.0] * 4, [0.0] * 4), "latency")
    assert (four.verdict, four.p_step) == ("steady", None)
    assert four.expected
    assert four.expected.n == 3


def test_where_nothing_changed_hardly_a_trend_is_a_step():
    found = [one for seed in range(12) for one in standing.history(nights([1.0] * 12, [0.0] * 12, seed=seed, n=30))]
    assert sum(one.verdict == "step" for one in found) <= 0.05 * len(found)


def test_cases_that_a_run_has_not_timed_do_not_move_it():
    runs = nights([1.0] * 10, [0.0] * 10)
    slowest = runs[0].outcomes["latency"] > runs[0].outcomes["latency"].median()
    runs[4].outcomes.loc[slowest & (runs[4].outcomes.index % 3 == 0), "latency"] = float("nan")
    values = [point.value for point in trend(runs, "latency").points]
    assert max(values) / min(values) < 1.25


def test_only_what_compares_with_the_last_run_counts():
    runs = nights([1.0] * 5, [0.0] * 5)
    runs[0] = standing.Night("other", runs[0].created, outcomes(60, params='{"t": 1}'))
    runs[1] = standing.Night("few", runs[1].created, runs[1].outcomes.head(20))
    runs[2] = standing.Night("dear", runs[2].created, runs[2].outcomes.assign(price_id="q"))
    assert len(trend(runs, "latency").points) == 3
    assert len(trend(runs, "cost").points) == 2


def test_nothing_has_no_history():
    assert standing.history([]) == []


@pytest.mark.parametrize("names", [("a", "b")])
def test_each_provider_has_its_own(names):
    runs = nights([1.0] * 12 + [1.5] * 8, [0.0] * 20, names=names)
    assert (trend(runs, "latency").verdict, trend(runs, "latency", "b").verdict) == ("step", "steady")
