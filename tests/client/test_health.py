"""The check of a provider, against the simulated fleet and against a server that sends exact bytes."""

import asyncio
from typing import Any

import pytest

from harness.ask import Prices, Provider, Secret
from harness.client import Client
from harness.client.health import Health, check
from tests.simulate.served import served

from .server import KEY, completion, serving, whole

LISTED = whole({"data": [{"id": "m"}]})


def provider(url: str | None, kind: str = "openai", model: str = "m", **more: Any) -> Provider:
    return Provider("p", f"{kind}/{model}", base_url=url, **{"api_key": Secret(KEY), **more})


async def checked(one: Provider, *, ask: bool = False) -> Health:
    async with Client() as client:
        return await check(client, one, ask=ask)


def known(found: Health) -> tuple[bool | None, bool | None, bool | None]:
    return found.reachable, found.key_accepted, found.model_available


def test_a_provider_in_order_is_told_so_by_its_listing_alone():
    async def go() -> None:
        async with serving(LISTED) as server:
            found = await checked(provider(server.url))
        assert (known(found), found.ok, found.note, found.cost_usd) == ((True, True, True), True, "", 0.0)
        assert found.round_trip_s is not None
        assert [one.path for one in server.asked] == ["/models"]

    asyncio.run(go())


WRONG = {
    "a refused key": (whole({"error": "Incorrect API key provided"}, "401 Unauthorized"), (True, False, None), "the key was refused"),
    "a key that may not list": (whole({"error": "missing scope"}, "403 Forbidden"), (True, None, None), "--ask tells"),
    "no such model": (whole({"data": [{"id": "other"}]}), (True, True, False), "there is no model 'm'"),
    "another server": (whole(b"<html>hello</html>", kind="text/html"), (True, None, None), "not JSON"),
    "nothing left": (whole({"error": "insufficient_quota"}, "429 Too Many Requests"), (True, None, None), "nothing left to spend"),
    "broken": (whole({"error": "oops"}, "500 Internal Server Error"), (True, None, None), "oops"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_plain_words_after_one_request(name: str):
    script, facts, said = WRONG[name]

    async def go() -> None:
        async with serving(script) as server:
            found = await checked(provider(server.url))
        assert known(found) == facts
        assert found.wrong is not None
        assert said in found.wrong
        assert len(server.asked) == 1

    asyncio.run(go())


def test_a_server_that_is_not_there_is_not_reached():
    found = asyncio.run(checked(provider("http://127.0.0.1:9")))
    assert known(found) == (False, None, None)
    assert found.wrong is not None
    assert "refused the connection" in found.wrong


def test_what_cannot_be_told_for_free_is_unknown_and_not_wrong():
    async def go() -> None:
        found = await checked(provider(None, "sagemaker"))
        assert (known(found), found.ok) == ((None, None, None), True)
        assert "--ask" in found.note
        async with serving(LISTED) as server:
            found = await checked(provider(server.url, "openrouter"))
            assert (known(found), found.note) == (
                (True, None, True),
                "its listing is public, and says nothing of the key",
            )
            found = await checked(provider(server.url, "azure"))
            assert known(found) == (True, True, None)
            assert "not what is deployed" in found.note

    asyncio.run(go())


def test_a_question_outweighs_the_listing_and_its_cost_is_told():
    async def go() -> None:
        prices = Prices(input=1e-6, output=2e-6)
        async with serving(whole({"data": []}), whole(completion("OK"))) as server:
            found = await checked(provider(server.url, prices=prices), ask=True)
        assert (known(found), found.wrong) == ((True, True, True), None)
        assert found.cost_usd == pytest.approx(20e-6 + 10e-6)
        assert server.asked[1].body["max_tokens"] == 16
        async with serving(LISTED, whole({"error": "The model `m` does not exist"}, "404 Not Found")) as server:
            found = await checked(provider(server.url), ask=True)
        assert known(found) == (True, True, False)
        assert len(server.asked) == 2
        async with serving(LISTED, whole({"error": "Incorrect API key provided"}, "401 Unauthorized")) as server:
            found = await checked(provider(server.url), ask=True)
        assert known(found) == (True, False, True)
        assert found.wrong is not None

    asyncio.run(go())


def test_the_simulated_fleet_has_any_model():
    async def go() -> None:
        async with served() as fleet:
            found = await checked(provider(f"{fleet.address}/right/v1", simulated="right", api_key=None))
        assert (known(found), found.ok, found.simulated) == ((True, None, None), True, True)
        assert "any model's name" in found.note

    asyncio.run(go())
