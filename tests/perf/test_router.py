"""What the router does for each question beside the client: picking, beside litellm.Router's pick, and asking, beside the client's own."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.ask import Limits, Prices
from harness.client import Client
from harness.client.door import litellm
from harness.judged import Route, RoutingTable
from harness.registry import Profile
from harness.routing import Caller, Known, Router, RouterOptions
from harness.routing.known import Candidate
from tests.client.server import provider
from tests.perf.test_client import AT_ONCE, PROMPT, at_once, loop, url

__all__ = ["loop", "url"]

NAMES = ("one", "two", "three", "four", "five")
WEIGHTS = dict(zip(NAMES, (0.6, 0.3, 0.1, 0.0, 0.0), strict=True))
TABLE = RoutingTable(
    (Route("math", "shift", WEIGHTS, "one", "two", None, None, None, ""),),
    objective="quality", margin=0.0, confidence=0.8, prior_mass=30.0, run_ids=(), suite_hashes={}, price_ids=(), simulated=False,
    created=datetime(2026, 11, 21, tzinfo=UTC),
)  # fmt: skip


def router(address="http://127.0.0.1:9"):
    candidates = tuple(
        Candidate(
            replace(provider(address, limits=Limits(max_concurrency=AT_ONCE), prices=Prices(1e-6, 2e-6)), name=name),
            place=place,
        )
        for place, name in enumerate(NAMES)
    )
    return Router(lambda: Known(candidates, table=TABLE), RouterOptions(seed=1))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"prompt": PROMPT},
        {"conversation": "c-17"},
        {"profile": Profile(strategy="round_robin", tags=frozenset())},
    ],
    ids=["weighted", "with a prompt of tools", "of a conversation", "round robin"],
)
@pytest.mark.benchmark(group="pick one of five providers")
def test_pick(benchmark, how):
    """`router.pick`: filters, health, shares, one draw; the explanation is put into words when it is asked for."""
    asked = router()
    choice = benchmark(lambda: asked.pick(capability="math", **how))
    assert choice.name in NAMES


@pytest.mark.benchmark(group="pick one of five providers")
def test_pick_peer_litellm(benchmark):
    """Peer: `litellm.Router.get_available_deployment` over five deployments with the same weights."""
    module = litellm()
    models = [
        {
            "model_name": "math",
            "litellm_params": {"model": "openai/gpt-4o-mini", "api_key": "sk-none", "weight": weight},
            "model_info": {"id": name},
        }
        for name, weight in WEIGHTS.items()
    ]
    peer = module.Router(model_list=models, num_retries=0)
    picked = benchmark(lambda: peer.get_available_deployment("math", messages=list(PROMPT.messages)))
    assert picked["model_info"]["id"] in NAMES


@pytest.mark.parametrize("routed", [False, True], ids=["the client", "the router"])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.benchmark(
    group=f"CPU of {AT_ONCE * 4} questions, {AT_ONCE} at once, routed or not", timer=time.process_time
)
def test_ask(benchmark, loop, url, routed, stream):
    """What `router.ask` adds to `client.ask` is the difference of the two, divided by 64 questions."""
    asked = router(url)
    first, client, profile = asked.providers["one"], Client(), Profile(stream=stream)
    caller = Caller(user="ann", conversation="c-17")
    ask = {
        False: lambda: client.ask(first, PROMPT, stream=stream),
        True: lambda: asked.ask(PROMPT, profile, capability="math", caller=caller),
    }[routed]
    loop.run((asked if routed else client).__aenter__())
    try:
        got = loop.run(ask())
        assert (got.attempt if routed else got).ok
        benchmark.pedantic(lambda: loop.run(at_once(ask)), rounds=24, warmup_rounds=2)
    finally:
        loop.run(asked.__aexit__(None, None, None) if routed else client.aclose())


def test_what_is_measured_is_what_is_meant():
    """The picks that are measured keep to the weights, and none is a plan made anew."""
    asked = router()
    picked = [asked.pick(capability="math") for _ in range(2_000)]
    assert len({id(one.plan) for one in picked}) == 1
    shares = {name: sum(one.name == name for one in picked) / len(picked) for name in NAMES}
    assert shares["one"] == pytest.approx(0.6, abs=0.05)
    assert shares["four"] == 0
