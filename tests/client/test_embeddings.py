"""Embeddings through the real client: against the simulated fleet over HTTP, and against a server that sends exact bytes."""

import asyncio
import base64
import json
import math
import struct
from pathlib import Path

import pytest

from harness.ask import Deadlines, Prices, Provider, Retries, Secret
from harness.client import Client
from harness.client.door import litellm, quiet
from harness.client.embedders import EMBEDDERS, WITHOUT
from harness.errors import WrongUse
from harness.registry import Catalogue
from harness.told import Truth
from tests.simulate.served import served

from .server import KEY, serving, whole

BASES = {
    "openai": "/right/v1",
    "azure": "/right",
    "mistral": "/right/v1",
    "together_ai": "/right/v1",
    "hosted_vllm": "/right/v1",
    "gemini": "/right/v1beta",
    "cohere": "/right",
    "ollama": "/right",
    "ollama_chat": "/right",
}
TEXTS = ["a cat sleeps on the mat", "the cat is sleeping on a mat", "interest rates rose by a quarter"]
PRICES = Prices(input=2e-8, id="p")


def provider(kind: str, url: str, model: str = "text-embedding-3-small", **more: object) -> Provider:
    known = {
        "api_key": Secret(KEY),
        "embedding_prices": PRICES,
        "retries": Retries(0),
        "embedding_model": f"{kind}/{model}",
        **more,
    }
    return Provider("p", f"{kind}/chat-model", base_url=url, **known)  # type: ignore[arg-type]


def listed(*vectors: object, usage: object = None) -> dict[str, object]:
    data = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(vectors)]
    return {"data": data, "model": "m-served", **({"usage": usage} if usage else {})}


def cosine(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / math.hypot(*one) / math.hypot(*other)


@pytest.mark.parametrize("kind", BASES)
def test_each_format_brings_a_vector_for_each_text_in_order_with_usage_cost_and_truth(kind: str, tmp_path: Path):
    async def go() -> None:
        log = tmp_path / "truth.jsonl"
        async with served(log=log) as fleet, Client() as client:
            told = await client.embed(provider(kind, fleet.address + BASES[kind]), TEXTS)
            alone = await client.embed(provider(kind, fleet.address + BASES[kind]), TEXTS[1])
        assert told.failure is None
        assert told.ok
        assert len(told.vectors) == len(TEXTS)
        assert alone.vectors == told.vectors[1:2]
        near, far = cosine(told.vectors[0], told.vectors[1]), cosine(told.vectors[0], told.vectors[2])
        assert near > 0.5 > far
        truth = Truth.from_json(json.loads(log.read_text().splitlines()[0]))
        assert (truth.prompt_tokens, truth.capability) == (told.usage.prompt_tokens, "embedding")
        assert told.usage.source == "usage"
        assert told.cost.usd == pytest.approx(truth.prompt_tokens * 2e-8)
        assert (told.cost.status, told.cost.price_id, told.simulated) == ("exact", "p", True)
        [clock] = told.clocks
        assert clock.latency_s is not None
        assert clock.latency_s > 0
        assert clock.source == "wire"

    asyncio.run(go())


def test_hugging_faces_router_takes_a_list_and_tells_no_usage():
    async def go() -> None:
        async with served() as fleet, Client() as client:
            asked = provider("huggingface", fleet.address + "/right/v1", "BAAI/bge-small-en-v1.5")
            told = await client.embed(asked, [f"text {number}" for number in range(33)])
        assert told.failure is None
        assert (len(told.vectors), len(told.clocks)) == (33, 2)
        assert (told.usage.prompt_tokens, told.cost.usd, told.wire) == (None, None, "huggingface_features")
        async with serving(whole([[1.0]])) as server, Client() as client:
            await client.embed(provider("huggingface", server.url, "BAAI/bge"), ["a"], params={"normalize": True})
        assert server.asked[0].path == "/hf-inference/models/BAAI/bge/pipeline/feature-extraction"
        assert server.asked[0].body == {"inputs": ["a"], "normalize": True}

    asyncio.run(go())


ALIKE = {
    "openai": ("text-embedding-3-small", "/right/v1"),
    "azure": ("text-embedding-3-small", "/right"),
    "mistral": ("mistral-embed", "/right/v1"),
    "cohere": ("embed-v4.0", "/right/v2/embed"),
    "gemini": ("gemini-embedding-001", "/right/v1beta"),
}
"""Models that litellm has prices of, and the api_base that it wants for each kind."""


@pytest.mark.parametrize("kind", ALIKE)
def test_vectors_and_costs_are_those_of_litellm(kind: str):
    model, base = ALIKE[kind]
    prices = Catalogue.load().facts(f"{kind}/{model}").prices

    async def go() -> None:
        module = litellm()
        async with served() as fleet, Client() as client:
            asked = provider(kind, fleet.address + BASES[kind], model, embedding_prices=prices)
            ours = await client.embed(asked, TEXTS)
            with quiet():
                theirs = await module.aembedding(
                    model=f"{kind}/{model}", input=TEXTS, api_key=KEY, api_base=fleet.address + base, max_retries=0
                )
            await module.close_litellm_async_clients()
        for vector, other in zip(ours.vectors, sorted(theirs.data, key=lambda one: one["index"]), strict=True):
            assert vector == pytest.approx(tuple(other["embedding"]), abs=1e-7)
        cost = module.completion_cost(completion_response=theirs, model=f"{kind}/{model}", call_type="aembedding")
        tokens = ours.usage.prompt_tokens
        assert tokens is not None
        if kind == "gemini":  # litellm counts these by a tokenizer of its own, and overlooks what the provider tells
            assert theirs.usage.prompt_tokens != tokens
            cost = cost / theirs.usage.prompt_tokens * tokens
        assert ours.cost.usd == pytest.approx(cost, abs=1e-12)

    asyncio.run(go())


@pytest.mark.parametrize("kind", ["openai", "gemini", "cohere", "ollama"])
def test_dimensions_are_said_in_each_providers_own_word(kind: str):
    async def go() -> None:
        async with served() as fleet, Client() as client:
            told = await client.embed(provider(kind, fleet.address + BASES[kind]), TEXTS, params={"dimensions": 8})
        assert [len(one) for one in told.vectors] == [8, 8, 8]

    asyncio.run(go())


@pytest.mark.parametrize("kind", ["openai", "cohere"])
def test_vectors_in_base64_are_the_same_as_in_plain_numbers(kind: str):
    async def go() -> None:
        async with served() as fleet, Client() as client:
            asked = provider(kind, fleet.address + BASES[kind])
            plain = await client.embed(asked, TEXTS, params={"encoding_format": "float"})
            coded = await client.embed(asked, TEXTS, params={"encoding_format": "base64"})
        assert coded.failure is None
        for one, other in zip(plain.vectors, coded.vectors, strict=True):
            assert one == pytest.approx(other, abs=1e-6)

    asyncio.run(go())


def test_a_batch_larger_than_the_provider_takes_is_split_and_summed():
    texts = [f"text number {number}" for number in range(205)]

    async def go() -> None:
        async with served() as fleet, Client() as client:
            told = await client.embed(provider("gemini", fleet.address + "/right/v1beta"), texts)
            smaller = await client.embed(provider("gemini", fleet.address + "/right/v1beta"), texts[:10], batch_size=4)
        assert told.failure is None
        assert (len(told.vectors), len(told.clocks)) == (205, 3)
        assert len(smaller.clocks) == 3
        assert smaller.vectors == told.vectors[:10]
        assert told.usage.prompt_tokens is not None
        assert told.cost.usd == pytest.approx(told.usage.prompt_tokens * 2e-8)

    asyncio.run(go())


def test_a_batch_of_more_bytes_than_the_provider_takes_is_split_too():
    async def go() -> None:
        async with serving(whole(listed([1.0], usage={"prompt_tokens": 1}))) as server, Client() as client:
            told = await client.embed(provider("openai", server.url), ["x" * 200_000, "y" * 200_000])
        assert [len(one.body["input"]) for one in server.asked] == [1, 1]
        assert told.vectors == ((1.0,), (1.0,))

    asyncio.run(go())


def test_vectors_before_a_failure_are_kept_since_they_are_paid_for():
    async def go() -> None:
        good, bad = whole(listed([1.0, 2.0], usage={"prompt_tokens": 7})), whole({"error": "no"}, "400 Bad Request")
        async with serving(good, bad) as server, Client() as client:
            told = await client.embed(provider("openai", server.url), ["a", "b"], batch_size=1)
        assert told.vectors == ((1.0, 2.0),)
        assert told.failure is not None
        assert (told.failure.kind, told.http_status) == ("bad_request", 400)
        assert (told.usage.prompt_tokens, told.model_served) == (7, "m-served")
        assert told.cost.usd == pytest.approx(7 * 2e-8)

    asyncio.run(go())


def test_a_sum_with_something_unknown_in_it_is_unknown_or_counted_and_marked():
    async def go() -> None:
        known, untold = whole(listed([1.0], usage={"prompt_tokens": 7})), whole(listed([1.0]))
        async with serving(known, untold) as server, Client() as client:
            told = await client.embed(provider("openai", server.url), ["a", "b"], batch_size=1)
        assert (told.usage.prompt_tokens, told.cost.usd, told.cost.price_id) == (None, None, "p")
        async with serving(known, untold) as server, Client(count_tokens=True) as client:
            told = await client.embed(provider("openai", server.url), ["a", "b"], batch_size=1)
        assert (told.usage.prompt_tokens, told.usage.source, told.cost.status) == (8, "tokenizer", "estimated")

    asyncio.run(go())


WRONG = {
    "one too few": (listed([1.0]), "2 texts were asked for, and 1 embeddings came"),
    "not of one length": (listed([1.0], [1.0, 2.0]), "not of one length"),
    "no list": ({"object": "list"}, "no list of embeddings"),
    "an index twice": (
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [2.0]}]},
        "leave some out",
    ),
    "text among the numbers": (listed([1.0], ["1"]), "no number"),
    "an empty vector": (listed([1.0], []), "no list of numbers"),
    "base64 that is none": (listed([1.0], "***"), "not base64"),
    "base64 of seven bytes": (listed([1.0], base64.b64encode(b"1234567").decode()), "no 32-bit floats"),
    "a NaN in base64": (listed([1.0], base64.b64encode(struct.pack("<f", math.nan)).decode()), "no number"),
    "no JSON": (b"<html>", "not JSON"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_vector_for_each_text_is_response_malformed(name: str):
    body, said = WRONG[name]

    async def go() -> None:
        async with serving(whole(body)) as server, Client() as client:
            told = await client.embed(provider("openai", server.url), ["a", "b"])
        assert told.failure is not None
        assert told.failure.kind == "response_malformed"
        assert said in told.failure.error
        assert (told.vectors, told.cost.usd) == ((), None)

    asyncio.run(go())


@pytest.mark.parametrize(("kind", "body"), [("cohere", {"embeddings": [[1.0]]}), ("cohere", {"embeddings": {}})])
def test_another_form_of_coheres_is_response_malformed(kind: str, body: object):
    async def go() -> None:
        async with serving(whole(body)) as server, Client() as client:
            told = await client.embed(provider(kind, server.url), ["a"])
        assert told.failure is not None
        assert told.failure.kind == "response_malformed"

    asyncio.run(go())


def test_the_order_is_that_of_the_index():
    async def go() -> None:
        data = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
        async with serving(whole({"data": data})) as server, Client() as client:
            told = await client.embed(provider("openai", server.url), ["a", "b"])
        assert told.vectors == ((1.0,), (2.0,))

    asyncio.run(go())


def test_a_failure_that_may_pass_is_tried_again_and_each_request_has_its_clock():
    async def go() -> None:
        late = whole({"error": "slow down"}, "429 Too Many Requests", "Retry-After: 0")
        async with serving(late, whole(listed([1.0]))) as server, Client() as client:
            told = await client.embed(provider("openai", server.url, retries=Retries(2, 0.0)), ["a"])
        assert told.ok
        assert (len(server.asked), len(told.clocks)) == (2, 2)

    asyncio.run(go())


def test_the_request_is_azures_own_and_the_key_is_in_its_header_only():
    async def go() -> None:
        async with serving(whole(listed([1.0]))) as server, Client() as client:
            more = {"api_version": "2024-10-21", "extra_headers": {"x-team": "search"}, "temperature": 0}
            told = await client.embed(provider("azure", server.url, "my-deployment", params=more), ["a"])
        assert told.ok
        [asked] = server.asked
        assert asked.path == "/openai/deployments/my-deployment/embeddings?api-version=2024-10-21"
        assert (asked.headers["api-key"], asked.headers["x-team"]) == (KEY, "search")
        assert asked.body == {"model": "my-deployment", "input": ["a"]}

    asyncio.run(go())


def test_texts_that_litellm_takes_for_files_and_pictures_are_texts():
    texts = ["gs://bucket/picture.png", "word"]

    async def go() -> None:
        async with served() as fleet, Client() as client:
            for kind in ("gemini", "cohere"):
                told = await client.embed(provider(kind, fleet.address + BASES[kind]), texts)
                assert told.ok, told.failure

    asyncio.run(go())


def test_a_parameter_that_the_provider_does_not_take_is_an_error_or_dropped_and_named():
    async def go() -> None:
        async with serving(whole(listed([1.0]))) as server, Client() as client:
            asked = provider("mistral", server.url, "mistral-embed")
            told = await client.embed(asked, ["a"], params={"dimensions": 8})
            assert told.failure is not None
            assert told.failure.kind == "unsupported_parameter"
            assert server.asked == []
            asked = provider("mistral", server.url, "mistral-embed", drop_params=True)
            told = await client.embed(asked, ["a"], params={"dimensions": 8})
            assert (told.ok, told.dropped) == (True, ("dimensions",))
            assert server.asked[0].body == {"model": "mistral-embed", "input": ["a"]}

    asyncio.run(go())


def test_further_parameters_go_out_in_the_formats_words():
    async def go() -> None:
        async with serving(whole({"embeddings": [[1.0]]})) as server, Client() as client:
            await client.embed(provider("ollama", server.url), ["a"], params={"num_ctx": 512, "truncate": False})
        assert server.asked[0].body["options"] == {"num_ctx": 512}
        assert server.asked[0].body["truncate"] is False
        async with serving(whole({"embeddings": [{"values": [1.0]}]})) as server, Client() as client:
            await client.embed(provider("gemini", server.url), ["a"], params={"task_type": "RETRIEVAL_QUERY"})
        assert server.asked[0].body["requests"][0]["taskType"] == "RETRIEVAL_QUERY"

    asyncio.run(go())


@pytest.mark.parametrize("kind", WITHOUT)
def test_who_has_no_embeddings_is_not_asked(kind: str):
    async def go() -> None:
        async with Client() as client:
            told = await client.embed(Provider("p", f"{kind}/m", api_key=Secret(KEY)), ["a"])
        assert told.failure is not None
        assert (told.failure.kind, told.failure.error) == ("unsupported_parameter", WITHOUT[kind])

    asyncio.run(go())


def test_a_provider_without_an_embedding_model_and_a_batch_of_nothing_are_wrong_use():
    async def go() -> None:
        async with Client([Provider("p", "openai/m")]) as client:
            with pytest.raises(WrongUse, match="names no embedding_model"):
                await client.embed("p", ["a"])
            with pytest.raises(WrongUse, match="batch_size"):
                await client.embed("p", ["a"], batch_size=0)

    asyncio.run(go())


def test_a_key_is_never_sent_to_the_house_of_another_provider():
    async def go() -> None:
        async with Client() as client:
            other = Provider("p", "anthropic/m", api_key=Secret(KEY), embedding_model="openai/text-embedding-3-small")
            told = await client.embed(other, ["a"])
        assert told.failure is not None
        assert told.failure.kind == "bad_request"
        assert "the key is for anthropic" in told.failure.error

    asyncio.run(go())


def test_nothing_to_embed_is_nothing_asked():
    async def go() -> None:
        async with serving(whole(listed())) as server, Client() as client:
            told = await client.embed(provider("openai", server.url), [])
        assert (told.ok, told.vectors, server.asked) == (True, (), [])

    asyncio.run(go())


def test_a_simulated_provider_that_nobody_serves_and_one_without_address_are_failures():
    async def go() -> None:
        async with Client() as client:
            unserved = Provider("p", "openai/m", embedding_model="openai/e", simulated="swift")
            told = await client.embed(unserved, ["a"])
            assert told.failure is not None
            assert told.failure.kind == "client_error"
            told = await client.embed(Provider("p", "hosted_vllm/m", embedding_model="hosted_vllm/e"), ["a"])
            assert told.failure is not None
            assert told.failure.error == "provider 'p' (hosted_vllm) needs a base_url"

    asyncio.run(go())


def test_litellms_call_has_our_deadline():
    async def go() -> None:
        async with serving(["hang"]) as server, Client() as client:
            late = provider("jina_ai", server.url, "jina-embeddings-v3", deadlines=Deadlines(total_s=0.3))
            told = await client.embed(late, ["a"])
        assert told.failure is not None
        assert told.failure.kind == "timeout_total"

    asyncio.run(go())


def test_what_no_format_of_ours_serves_goes_through_litellm_and_is_marked_so():
    async def go() -> None:
        body = listed([1.0, 2.0], usage={"prompt_tokens": 3, "total_tokens": 3})
        async with serving(whole(body)) as server, Client() as client:
            told = await client.embed(provider("jina_ai", server.url, "jina-embeddings-v3"), ["a"])
            assert told.failure is None
            assert (told.wire, told.vectors, told.clocks[0].source) == ("litellm", ((1.0, 2.0),), "client")
            assert told.usage.prompt_tokens == 3
            assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
            assert len(server.asked) == 1
        async with serving(whole(body)) as server, Client() as client:
            told = await client.embed(provider("jina_ai", server.url, "jina-embeddings-v3"), ["a", "b"])
            assert told.failure is not None
            assert told.failure.kind == "response_malformed"
        async with serving(whole({"detail": "no"}, "401 Unauthorized")) as server, Client() as client:
            told = await client.embed(provider("jina_ai", server.url, "jina-embeddings-v3"), ["a"])
            assert told.failure is not None
            assert (told.failure.kind, len(server.asked)) == ("auth", 1)

    asyncio.run(go())


def test_no_kind_is_in_two_formats():
    kinds = [kind for one in EMBEDDERS for kind in one.places]
    assert len(kinds) == len({*kinds})
    assert not {*kinds} & {*WITHOUT}
