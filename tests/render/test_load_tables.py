"""A load is said in a line, and its table has the columns that hold something."""

from dataclasses import replace

import pytest

from harness import engine
from harness.judged import Estimate, LoadLevel, Percentiles
from harness.render import load_tables
from tests.render.words import REPORT

TIMES = Percentiles(p50=Estimate(0.5, 100, 0.4, 0.6), p95=Estimate(1.5, 100, 1.4, 1.6))
LEVEL = LoadLevel("swift", 10.0, True, 100, 100, 0, 9.876, TIMES, TIMES, TIMES, 0.6)


def table(*levels):
    (one,) = load_tables.levels(replace(REPORT, levels=levels, load=engine.as_json(engine.Open(10, 5))))
    return one


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (engine.Closed(), ""),
        (engine.Closed(4), "4 in flight for each provider"),
        (engine.Open(2.5), "2.5 requests/s to each provider, constant arrivals"),
        (
            engine.Open(9, 3, "gamma", 0.5, 1, 4, 0),
            "1 to 9 requests/s to each provider, for 3 s, gamma arrivals (burstiness 0.5), at most 4 in flight, at most 0 waiting",
        ),
        (engine.Sweep((engine.Closed(1), engine.Closed(2))), "1 and then 2 in flight for each provider"),
    ],
)  # fmt: skip
def test_a_load_in_words(load, words):
    assert load_tables.in_words(engine.as_json(load)) == words


def test_a_run_without_levels_has_no_table():
    assert load_tables.levels(replace(REPORT, levels=())) == []


def test_a_level_that_is_as_it_should_be_needs_no_remark():
    found = table(LEVEL)
    assert found.head == ("provider", "req/s", "got/s", "response p50", "p95", "latency p50", "p95", "TTFT p50", "p95")
    assert found.rows == (("swift", "10", "9.88", "500 ms", "1.50 s", "500 ms", "1.50 s", "500 ms", "1.50 s"),)
    assert "knee" not in found.note
    assert "invalid" not in found.note


def test_what_failed_was_dropped_or_is_no_measurement_has_its_column():
    p99 = replace(TIMES, p99=Estimate(2.0, 400, 1.9, 2.1))
    found = table(
        replace(LEVEL, response=p99, answered=90, dropped=7, invalid="it waited"), replace(LEVEL, level=20.0, knee=True)
    )
    first, second = (dict(zip(found.head, row, strict=True)) for row in found.rows)
    assert (first["response p99"], first["failed"], first["dropped"], first["remark"]) == (
        "2.00 s",
        "3",
        "7",
        "invalid",
    )
    assert (second["response p99"], second["failed"], second["remark"]) == ("–", "0", "knee")
    assert "this is not what the service can do" in found.note
    assert found.note.endswith("a knee at the last level may lie beyond it")


def test_a_closed_loop_has_no_schedule_to_respond_to():
    found = table(replace(LEVEL, is_open=False))
    assert found.head == ("provider", "in flight", "got/s", "latency p50", "p95", "TTFT p50", "p95")
