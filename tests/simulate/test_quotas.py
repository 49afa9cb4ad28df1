"""What a simulated provider takes at most: it says what is left, and refuses beyond."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.errors import BadInput
from harness.simulate import Fleet, LogNormal, load_fleet
from harness.simulate.quotas import Quota, _span
from tests.simulate.served import QUICK_TOML, SUM, profile, served


def fleet_of(ttft_s=0.002, **limits):
    slow = replace(profile("right", 1.0), limits=limits, ttft_s=LogNormal(ttft_s, 0.0))
    return Fleet({"right": slow})


def test_requests_are_told_and_refused_beyond_what_the_bucket_holds():
    async def run():
        async with served(fleet_of(rpm=60, burst=2)) as server:
            return [await server.openai(SUM) for _ in range(3)]

    first, second, third = asyncio.run(run())
    assert [one.status for one in (first, second, third)] == [200, 200, 429]
    assert [one.headers["x-ratelimit-remaining-requests"] for one in (first, second, third)] == ["1", "0", "0"]
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert third.headers["retry-after"] == "1"
    assert 500 < int(third.headers["retry-after-ms"]) <= 1000
    assert third.json["error"]["code"] == "rate_limit_exceeded"


def test_anthropic_tells_moments():
    async def run():
        async with served(fleet_of(rpm=60, tpm=6000)) as server:
            return await server.anthropic(SUM)

    told = asyncio.run(run()).headers
    assert told["anthropic-ratelimit-requests-remaining"] == "59"
    assert int(told["anthropic-ratelimit-tokens-remaining"]) < 6000
    reset = datetime.fromisoformat(told["anthropic-ratelimit-requests-reset"])
    assert 0 <= (reset - datetime.now(UTC)).total_seconds() <= 2


def test_tokens_are_refused_when_none_are_left():
    async def run():
        async with served(fleet_of(tpm=5)) as server:
            return [(await server.openai(SUM)).status for _ in range(2)]

    assert asyncio.run(run()) == [200, 429]


@pytest.mark.parametrize("stream", [True, False])
def test_so_many_may_be_in_flight_and_a_place_is_free_again_when_one_has_ended_or_failed(stream):
    async def run():
        async with served(fleet_of(concurrency=2, ttft_s=0.05)) as server:
            at_once = await asyncio.gather(*(server.openai(SUM, stream=stream) for _ in range(5)))
            failed = [(await server.post("/right/v1/chat/completions", b"no JSON")).status for _ in range(3)]
            last = await server.openai(SUM, stream=stream)
            return sorted(one.status for one in at_once), failed, last.status

    statuses, failed, last = asyncio.run(run())
    assert statuses == [200, 200, 429, 429, 429]
    assert failed == [400, 400, 400]
    assert last == 200


def test_what_was_taken_comes_back_evenly():
    quota = Quota({"rpm": 60, "burst": 1})
    assert quota.enter(10.0) is None
    assert quota.enter(10.5) is not None
    assert quota.enter(11.0) is None


def test_spans_are_written_as_go_writes_them():
    assert [_span(one) for one in (0, 0.1204, 1, 8.64, 360, 90.951)] == [
        "0ms",
        "121ms",
        "1s",
        "8.64s",
        "6m0s",
        "1m30.951s",
    ]


def test_limits_come_from_the_fleets_file_and_are_above_0(tmp_path):
    path = tmp_path / "fleet.toml"
    path.write_text(QUICK_TOML + "limits = { rpm = 60, concurrency = 4 }\n")
    assert load_fleet(path).profiles["wrong"].limits == {"rpm": 60, "concurrency": 4}
    path.write_text(QUICK_TOML + "limits = { rpm = 0, rps = 4 }\n")
    with pytest.raises(BadInput) as caught:
        load_fleet(path)
    assert "wrong.limits.rpm is 0, which is not from 0 to inf, 0 left out" in str(caught.value)
    assert "unknown key 'rps'" in str(caught.value)
