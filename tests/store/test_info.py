"""A run's name sorts by time, and what it stands on survives the disk."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from harness.store import RunInfo, new_run_id
from tests.store import made


def test_a_run_id_is_the_time_in_utc_and_four_hex_digits():
    local = datetime(2026, 11, 21, 10, 45, tzinfo=timezone(timedelta(hours=9)))
    assert re.fullmatch(r"20261121-014500-[0-9a-f]{4}", new_run_id(local))


def test_two_runs_of_one_second_have_two_names():
    assert len({new_run_id(made.NOW) for _ in range(30)}) > 1


def test_the_versions_are_those_installed():
    info = made.info()
    assert re.match(r"\d+\.\d+", info.harness_version)
    assert re.match(r"\d+\.\d+", info.litellm_version)


def test_it_reads_back_as_it_was():
    info = RunInfo(
        run_id="r",
        created=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        planned=400,
        seed=3,
        suites={"sums": "5a5a"},
        suite_cases={"sums": 40},
        registry_hash="77",
        providers={"alpha": {"model": "openai/alpha-1", "simulated": "good"}},
        price_id="12ab",
        metadata={"team": "blue"},
        command=("harness", "run"),
        harness_version="0.1.0",
        litellm_version="1.2.3",
    )
    assert RunInfo.from_json(orjson.loads(orjson.dumps(info.as_json()))) == info


@pytest.mark.parametrize("record", [{}, {"created": 5}, {"created": "2026-01-01", "command": None}])
def test_what_is_not_a_run_s_info_is_refused(record):
    with pytest.raises((TypeError, ValueError, KeyError)):
        RunInfo.from_json(record)


def test_it_tells_how_many_were_in_flight_by_the_load_or_else_by_each_provider():
    providers: dict[str, dict[str, Any]] = {
        "a": {"model": "m", "concurrency": 8},
        "b": {"model": "m", "concurrency": 2},
        "of_before": {"model": "m"},
    }
    info = RunInfo(run_id="r", created=datetime(2026, 11, 21, tzinfo=UTC), planned=1, providers=providers)
    assert info.in_flight == {"a": 8, "b": 2}
    assert replace(info, load={"kind": "open", "rate": 1, "concurrency": 5}).in_flight == {"a": 5, "b": 5}
    stages = [{"kind": "closed", "concurrency": 1}, {"kind": "closed", "concurrency": 4}]
    assert replace(info, load={"kind": "sweep", "stages": stages}).in_flight == {"a": 4, "b": 4}
