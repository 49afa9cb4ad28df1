"""Each provider is asked one short question before anything is measured; it is recorded, counted as spend, and no trial."""

import asyncio
from dataclasses import replace

import pytest

from harness.ask import Prices
from harness.client import most_it_can_cost
from harness.engine import Closed, Open, Plan, RunOptions, Sweep, run
from harness.engine.plan import WARM_UP
from harness.told import Attempt
from tests.engine import made

PLAN = Plan((made.suite(cases=3),), (made.provider("alpha"), made.provider("beta")), warm_up=True)


def ran(plan=PLAN, answer=made.attempt, **options):
    recorded: list[Attempt] = []
    client = made.Script(answer, most=3)
    tally = asyncio.run(run(plan, client, recorded.append, RunOptions(**options)))
    return tally, recorded


def phases(recorded, name):
    return [one.trial.phase for one in recorded if one.trial.provider.name == name]


def test_the_first_call_to_each_provider_is_a_warm_up_and_is_no_trial():
    tally, recorded = ran()
    for name in ("alpha", "beta"):
        assert phases(recorded, name) == ["warmup", "measure", "measure", "measure"]
    assert (tally.planned, tally.done, tally.attempts) == (6, 6, 8)
    assert tally.spend_usd == pytest.approx(0.008)


def test_a_provider_that_fails_warming_up_is_measured_nevertheless_and_the_warm_up_is_not_tried_again():
    def answer(trial, number):
        return made.attempt(trial, number, "overloaded" if trial.phase == "warmup" else None, retryable=False)

    tally, recorded = ran(answer=answer)
    assert phases(recorded, "alpha") == ["warmup", "measure", "measure", "measure"]
    assert tally.failed == 0
    assert {one.retries.max_retries for one in PLAN.warm_ups.providers} == {0}


def test_a_key_that_is_refused_in_the_warm_up_stops_nobody_before_a_trial_says_so():
    def answer(trial, number):
        return made.attempt(trial, number, "auth" if trial.provider.name == "alpha" else None, retryable=False)

    plan = replace(PLAN, providers=(made.provider("alpha", 1), PLAN.providers[1]))
    tally, recorded = ran(plan, answer=answer)
    assert phases(recorded, "alpha") == ["warmup", "measure"]
    assert tally.stopped == {"alpha": "auth: it was auth"}
    assert phases(recorded, "beta")[1:] == ["measure"] * 3


def test_the_worst_case_holds_the_warm_up_once_without_retries():
    suite = made.suite(cases=3, params={"max_tokens": 5})
    warm = Plan((suite,), PLAN.providers, warm_up=True).most_it_can_cost(lambda _: None)["alpha"]
    cold = Plan((suite,), PLAN.providers).most_it_can_cost(lambda _: None)["alpha"]
    once = most_it_can_cost(WARM_UP.cases[0].prompt, WARM_UP.params, made.PRICES, None)
    assert cold is not None
    assert once is not None
    assert warm == pytest.approx(cold + once)
    unpriced = Plan((suite,), (made.provider(prices=Prices()),), warm_up=True)
    assert unpriced.most_it_can_cost(lambda _: None) == {"alpha": None}


def test_a_warm_up_tells_the_client_the_same_limits_as_the_trials_after_it():
    """A client heeds the limits that it hears of first."""
    plan = replace(PLAN, load=Sweep((Closed(3), Closed(64))))
    _, recorded = ran(plan)
    assert {one.trial.phase for one in recorded} == {"warmup", "measure"}
    assert {one.trial.provider.limits.max_concurrency for one in recorded} == {64}


def test_without_a_warm_up_nothing_comes_before_the_trials():
    _, recorded = ran(replace(PLAN, warm_up=False))
    assert {one.trial.phase for one in recorded} == {"measure"}
    assert PLAN.warm_ups.count == 2
    assert replace(PLAN, warm_up=False).warm_ups.count == 0


def test_connections_are_opened_between_the_warm_up_and_the_first_trial_as_many_as_go_out_at_once():
    events: list[object] = []

    async def connect(provider, connections):
        events.append((provider.name, connections))

    def answer(trial, number):
        events.append(trial.phase)
        return made.attempt(trial, number)

    ran(replace(PLAN, providers=(made.provider("alpha", 2),)), answer, connect=connect)
    assert events == ["warmup", ("alpha", 2), "measure", "measure", "measure"]


@pytest.mark.parametrize(
    ("load", "limits", "opened"),
    [
        (Closed(64), {}, [3]),  # no more than there are trials
        (Closed(1), {}, []),  # the warm-up's is there
        (Open(rate=1.5, concurrency=64), {}, [2]),  # what is due in a second
        (Closed(64), {"adaptive": True}, []),  # nobody knows yet how many it takes
    ],
)
def test_no_more_connections_are_opened_than_are_needed(load, limits, opened):
    told = []

    async def connect(_provider, connections):
        told.append(connections)

    alpha = made.provider("alpha")
    alpha = replace(alpha, limits=replace(alpha.limits, **limits))
    ran(replace(PLAN, providers=(alpha,), load=load), connect=connect)
    assert told == opened


def test_where_a_cache_replays_no_connections_are_opened():
    async def connect(_provider, _connections):
        raise AssertionError

    ran(connect=connect, replays=True)
