"""Listings of models through the real client: against the simulated fleet over HTTP, and against a server that sends exact bytes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.ask import Provider, Retries, Secret
from harness.client import Client
from harness.client.limits import Accounts
from harness.client.listers import LISTERS, Page, lister_for
from harness.client.listing import list_models
from harness.client.session import Session
from harness.errors import WrongUse
from tests.simulate.served import served

from .server import KEY, Server, serving, whole

BASES = {
    "openai": "/right/v1",
    "groq": "/right/v1",
    "anthropic": "/right",
    "gemini": "/right/v1beta",
    "cohere": "/right",
    "ollama_chat": "/right",
    "replicate": "/right/v1",
}


def provider(kind: str, url: str | None, model: str = "sim-right", **more: object) -> Provider:
    known = {"api_key": Secret(KEY), "retries": Retries(0), **more}
    return Provider("p", f"{kind}/{model}", base_url=url, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", BASES)
def test_each_format_lists_what_the_provider_has(kind: str):
    async def go() -> None:
        async with served() as fleet, Client() as client:
            asked = provider(kind, fleet.address + BASES[kind])
            told = await client.list_models(asked)
            there = await client.is_model_available(asked)
            absent = await client.is_model_available(asked, "no-such-model")
        assert told.failure is None
        ids = {one.id.removeprefix("models/").removeprefix("simulated/").removesuffix(":latest") for one in told.models}
        assert "sim-right" in ids
        assert (told.whole, told.simulated, len(told.clocks)) == (True, True, 1)
        assert (there.available, there.failure) == (True, None)
        assert (absent.available, absent.failure) == (False, None)
        assert absent.reason

    asyncio.run(go())


def test_what_is_told_of_a_model_is_typed():
    async def go() -> None:
        async with served() as fleet, Client() as client:
            cohere = await client.list_models(provider("cohere", fleet.address + "/right"))
            anthropic = await client.list_models(provider("anthropic", fleet.address + "/right"))
            openai = await client.list_models(provider("openai", fleet.address + "/right/v1"))
        assert [one.context_tokens for one in cohere.models] == [128_000, 128_000]
        assert anthropic.models[0].created == datetime(2024, 1, 1, tzinfo=UTC)
        assert (openai.models[0].created, openai.models[0].context_tokens) == (anthropic.models[0].created, None)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("kind", "size"), [("gemini", {"pageSize": "1"}), ("cohere", {"page_size": "1"})], ids=["gemini", "cohere"]
)
def test_pages_are_followed_to_the_last(kind: str, size: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    lister = lister_for(kind)
    assert lister is not None

    def in_small_pages(body: object) -> Page:
        page = lister.read(body)
        return Page(page.models, {**page.following, **size} if page.following else None)

    small = replace(lister, read=in_small_pages, query=size)
    monkeypatch.setattr("harness.client.listing.lister_for", lambda _kind: small)

    async def go() -> None:
        async with served() as fleet, Client() as client:
            told = await client.list_models(provider(kind, fleet.address + BASES[kind]))
        assert told.failure is None
        assert len(told.models) == 2
        assert len(told.clocks) == 2

    asyncio.run(go())


def test_anthropics_next_page_begins_after_the_last_model_of_this_one():
    async def go() -> None:
        first = {
            "data": [{"id": "claude-b", "created_at": "2025-02-19T00:00:00Z"}],
            "has_more": True,
            "last_id": "claude-b",
        }
        last = {"data": [{"id": "claude-a", "created_at": "nonsense"}], "has_more": False, "last_id": "claude-a"}
        async with serving(whole(first), whole(last)) as server, Client() as client:
            told = await client.list_models(provider("anthropic", server.url))
        assert [one.id for one in told.models] == ["claude-b", "claude-a"]
        assert told.models[1].created is None
        assert [one.path for one in server.asked] == [
            "/v1/models?limit=1000",
            "/v1/models?limit=1000&after_id=claude-b",
        ]
        assert server.asked[1].headers["x-api-key"] == KEY
        assert server.asked[1].headers["anthropic-version"]

    asyncio.run(go())


def test_of_replicates_next_address_only_the_query_is_taken():
    async def go() -> None:
        model = {"owner": "meta", "name": "llama", "created_at": "2024-04-17T00:00:00Z"}
        first = {"results": [model], "next": "https://elsewhere.example/v1/models?cursor=abc"}
        async with serving(whole(first), whole({"results": [], "next": None})) as server, Client() as client:
            told = await client.list_models(provider("replicate", server.url))
        assert [one.id for one in told.models] == ["meta/llama"]
        assert [one.path for one in server.asked] == ["/models", "/models?cursor=abc"]

    asyncio.run(go())


def test_a_listing_that_goes_in_a_circle_ends_and_one_that_does_not_end_is_cut():
    async def go() -> None:
        round_and_round = whole({"models": [{"name": "a"}], "next_page_token": "same"})
        async with serving(round_and_round) as server, Client() as client:
            told = await client.list_models(provider("cohere", server.url))
        assert told.failure is not None
        assert told.failure.kind == "response_malformed"
        assert len(server.asked) == 2
        pages = [whole({"models": [{"name": f"m{n}"}], "next_page_token": str(n)}) for n in range(9)]
        async with serving(*pages) as server:
            session = Session(Accounts())
            told = await list_models(session, provider("cohere", server.url), most_pages=3)
            await session.aclose()
        assert (told.failure, told.whole, len(told.models)) == (None, False, 3)

    asyncio.run(go())


async def ask_about(server: Server, kind: str, model: str) -> bool | None:
    async with Client() as client:
        told = await client.is_model_available(provider(kind, server.url, model))
    return told.available


def test_names_are_compared_as_the_provider_means_them():
    async def go() -> None:
        tags = {"models": [{"name": "llama3.1:latest", "model": "llama3.1:latest"}, {"name": "qwen2:7b"}]}
        async with serving(whole(tags)) as server:
            assert await ask_about(server, "ollama_chat", "llama3.1") is True
            assert await ask_about(server, "ollama_chat", "qwen2:7b") is True
            assert await ask_about(server, "ollama_chat", "qwen2") is False
        async with serving(whole({"data": [{"id": "openai/gpt-oss-120b"}]})) as server:
            assert await ask_about(server, "huggingface", "openai/gpt-oss-120b:cerebras") is True
        async with serving(whole([{"id": "zai-org/GLM", "context_length": 131072}])) as server:
            assert await ask_about(server, "together_ai", "zai-org/GLM") is True
        async with serving(whole({"id": "x"})) as server:
            assert await ask_about(server, "replicate", "deployments/acme/mine") is True
            assert await ask_about(server, "replicate", "acme/model:0123abc") is True
            assert [one.path for one in server.asked] == ["/deployments/acme/mine", "/models/acme/model"]

    asyncio.run(go())


def test_azure_says_that_its_listing_does_not_tell_deployments():
    async def go() -> None:
        async with serving(whole({"data": [{"id": "gpt-4o"}]})) as server, Client() as client:
            told = await client.is_model_available(provider("azure", server.url, "my-deployment"))
        assert told.available is None
        assert "not what is deployed" in told.reason
        assert told.checks_key
        assert server.asked[0].path.startswith("/openai/models?api-version=")

    asyncio.run(go())


def test_what_fails_is_told_and_not_raised():
    async def go() -> None:
        async with serving(whole({"error": {"message": "bad key"}}, "401 Unauthorized")) as server, Client() as client:
            told = await client.list_models(provider("openai", server.url))
            there = await client.is_model_available(provider("openai", server.url))
            one = await client.is_model_available(provider("anthropic", server.url))
        assert told.failure is not None
        assert (told.failure.kind, told.ok, told.http_status) == ("auth", False, 401)
        assert (there.available, one.available) == (None, None)
        assert "bad key" in there.reason
        assert "bad key" in one.reason
        for body in ({"data": "none"}, {"data": [{"object": "model"}]}, b"no json"):
            async with serving(whole(body)) as server, Client() as client:
                told = await client.list_models(provider("openai", server.url))
            assert told.failure is not None
            assert told.failure.kind == "response_malformed"
        async with serving(whole({"results": [{"name": "n"}]})) as server, Client() as client:
            told = await client.list_models(provider("replicate", server.url))
        assert told.failure is not None

    asyncio.run(go())


def test_who_has_no_listing_and_who_has_no_address_is_not_asked():
    async def go() -> None:
        async with Client() as client:
            told = await client.list_models(provider("sagemaker", None))
            assert told.failure is not None
            assert told.failure.kind == "unsupported_parameter"
            there = await client.is_model_available(provider("sagemaker", None))
            assert (there.available, there.failure) == (None, told.failure)
            told = await client.list_models(provider("hosted_vllm", None))
            assert told.failure is not None
            assert told.failure.kind == "bad_request"
            with pytest.raises(WrongUse):
                await client.list_models("nobody")

    asyncio.run(go())


def test_a_public_listing_says_nothing_of_the_key():
    async def go() -> None:
        async with serving(whole({"data": [{"id": "m"}]})) as server, Client() as client:
            assert not (await client.list_models(provider("openrouter", server.url))).checks_key
            assert not (await client.list_models(provider("openai", server.url, api_key=None))).checks_key
            assert (await client.list_models(provider("openai", server.url))).checks_key
        assert "authorization" not in server.asked[1].headers

    asyncio.run(go())


def test_no_kind_is_in_two_formats():
    kinds = [kind for one in LISTERS for kind in one.places]
    assert len(kinds) == len({*kinds})
