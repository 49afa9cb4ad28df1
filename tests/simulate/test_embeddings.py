"""The fleet's embeddings and listings, asked over HTTP without any client of ours."""

import asyncio
import math

import pytest

from harness.simulate.vectors import vector

from .served import served

ROUTES = {
    "/right/v1/embeddings": {"model": "m", "input": ["a b"]},
    "/right/v1beta/models/m:batchEmbedContents": {"requests": [{"content": {"parts": [{"text": "a b"}]}}]},
    "/right/v2/embed": {"model": "m", "texts": ["a b"], "input_type": "search_document"},
    "/right/api/embed": {"model": "m", "input": "a b"},
}


@pytest.mark.parametrize("path", ROUTES)
def test_faults_come_on_each_route_as_on_that_of_the_conversation(path: str):
    async def go() -> None:
        async with served() as fleet:
            fine = await fleet.post(path, ROUTES[path])
            assert fine.status == 200
            assert fine.headers["x-simulated"] == "right"
            assert (await fleet.post(path, ROUTES[path], x_simulate_fault="rate_limited")).status == 429
            assert b"<html" in (await fleet.post(path, ROUTES[path], x_simulate_fault="bad_gateway")).body.lower()
            broken = await fleet.post(path, ROUTES[path], x_simulate_fault="error_in_stream")
            assert (broken.status, "Overloaded" in broken.body.decode()) == (200, True)
            assert (await fleet.post(path, ROUTES[path], x_simulate_fault="empty_body")).body == b""
            no_usage = await fleet.post(path, ROUTES[path], x_simulate_fault="usage_missing")
            assert no_usage.json != fine.json
            assert (await fleet.post(path, b"{")).status == 400
            assert (await fleet.post(path.replace("right", "nobody"), ROUTES[path])).status == 404

    asyncio.run(go())


BAD = {
    "no texts": ("/right/v1/embeddings", {"model": "m", "input": []}),
    "an empty text": ("/right/v1/embeddings", {"model": "m", "input": [""]}),
    "too many": ("/right/v2/embed", {"model": "m", "texts": ["a"] * 97, "input_type": "search_query"}),
    "no model": ("/right/v1/embeddings", {"input": ["a"]}),
    "no dimensions": ("/right/v1/embeddings", {"model": "m", "input": ["a"], "dimensions": 0}),
    "another encoding": ("/right/v1/embeddings", {"model": "m", "input": ["a"], "encoding_format": "hex"}),
    "no requests": ("/right/v1beta/models/m:batchEmbedContents", {"requests": []}),
    "a request without text": ("/right/v1beta/models/m:batchEmbedContents", {"requests": [{"content": {}}]}),
    "two sizes": (
        "/right/v1beta/models/m:batchEmbedContents",
        {"requests": [{"content": {"parts": [{"text": "a"}]}, "outputDimensionality": size} for size in (4, 8)]},
    ),
    "no input type": ("/right/v2/embed", {"model": "m", "texts": ["a"]}),
    "another type": (
        "/right/v2/embed",
        {"model": "m", "texts": ["a"], "input_type": "x", "embedding_types": ["int8"]},
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_provider_would_refuse_is_refused(name: str):
    async def go() -> None:
        async with served() as fleet:
            assert (await fleet.post(*BAD[name])).status == 400

    asyncio.run(go())


def test_a_vector_has_length_1_and_texts_alike_are_near():
    one, same, other = vector("The cat sat."), vector("the CAT sat"), vector("interest rates rose")
    assert math.hypot(*one) == pytest.approx(1)
    assert one == same
    assert sum(a * b for a, b in zip(one, other, strict=True)) < 0.3
    assert vector("…", 3) == [1.0, 0.0, 0.0]


def test_a_listing_refuses_where_a_fault_is_forced_and_a_profile_is_not_there():
    async def go() -> None:
        async with served() as fleet:
            address = fleet.address + "/right/v1/models"
            async with fleet.session.get(address, headers={"x-simulate-fault": "auth"}) as response:
                assert response.status == 401
            async with fleet.session.get(address, headers={"x-simulate-fault": "stall"}) as response:
                assert response.status == 200
            assert (await fleet.get("/nobody/v1/models")).status == 404
            assert (await fleet.get("/right/v1/models/no-such")).status == 404

    asyncio.run(go())
