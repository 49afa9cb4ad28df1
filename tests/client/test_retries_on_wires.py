"""On every wire, and through litellm: a server that stays broken is asked as often as is said, and each attempt says how long it waited."""

import asyncio

import pytest

from harness.ask import Retries
from harness.client import Client
from harness.client.wires import WIRES
from tests.client.server import provider, serving, trial, whole

BROKEN = whole({"error": {"message": "boom"}}, "500 Internal Server Error")
MODELS = [*(f"{next(iter(wire.endpoints))}/meta/m-1" for wire in WIRES), "nscale/m-1"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("retries", [0, 3])
@pytest.mark.parametrize("model", MODELS)
def test_a_500_is_asked_again_as_often_as_is_said_and_no_oftener(model, retries, stream):
    async def main():
        async with serving(BROKEN) as server, Client() as client:
            mine = provider(server.url, model, retries=Retries(retries, 0.001))
            return [one async for one in client.attempts(trial(mine, stream=stream))], len(server.asked)

    attempts, asked = asyncio.run(main())
    assert asked == len(attempts) == retries + 1
    assert [one.number for one in attempts] == list(range(1, retries + 2))
    assert {one.failure.kind for one in attempts} == {"server_error"}
    assert attempts[0].clock.throttle_s == 0.0
    assert all(one.clock.throttle_s > 0 for one in attempts[1:])
