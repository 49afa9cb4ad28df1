"""What a plan comes to, before anything is sent."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from harness.ask import Case, Criterion, Prices, Prompt
from harness.client import key_of
from harness.engine import Amount, Forecast, Plan, forecast, run
from tests.engine import made

SHORT = made.suite("short", cases=3, params={"max_tokens": 5})
LONG = made.suite("long", cases=2, params={"max_tokens": 4000}, repeat=2)


def test_it_is_about_one_call_a_trial_and_at_most_every_retry_with_a_warm_up():
    mine = made.provider()  # two retries
    told: Any = forecast(Plan((SHORT, LONG), (mine,), warm_up=True), mine, None)
    assert (told.about.calls, told.most.calls) == (1 + 7, 1 + 7 * 3)
    assert told.about.reply_tokens == 16 + 3 * 5 + 4 * 500
    assert told.most.reply_tokens == 16 + (3 * 5 + 4 * 4000) * 3
    assert 7 < told.about.prompt_tokens < told.most.prompt_tokens
    spent = told.about.prompt_tokens * made.PRICES.input + told.about.reply_tokens * made.PRICES.output
    assert told.about.usd == pytest.approx(spent)


@pytest.mark.parametrize("repeat", [None, 3])
def test_the_most_is_what_the_plan_says(repeat):
    mine = made.provider()
    plan = Plan((SHORT, LONG), (mine,), warm_up=True, repeat=repeat)
    assert forecast(plan, mine, None).most.usd == pytest.approx(plan.most_it_can_cost(lambda _: None)["alpha"])


def test_what_is_cached_or_done_is_in_none_of_it():
    mine = made.provider()
    plan = Plan((SHORT,), (mine,))
    first, second, third = plan.trials(mine)
    left = replace(plan, done=frozenset({first.ref.trial_id}))
    told = forecast(left, mine, None, frozenset({key_of(second)}))
    assert told == forecast(replace(plan, done=frozenset({first.ref.trial_id, second.ref.trial_id})), mine, None)
    assert (told.about.calls, told.most.calls) == (1, 3)
    assert third.ref.trial_id not in left.done


def test_what_nobody_knows_is_unknown_and_not_nothing():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    case = Case("seen", Prompt(({"role": "user", "content": [image]},)), "vision", (Criterion("exact"),))
    seen = replace(made.suite("seen", params={"max_tokens": 5}), cases=(case,))
    mine = made.provider()
    assert forecast(Plan((seen,), (mine,)), mine, None) == Forecast(Amount(1, None, 5, None), Amount(3, None, 15, None))
    free = made.provider(prices=Prices())
    told = forecast(Plan((made.suite(),), (free,)), free, None)
    assert (told.about.usd, told.most.usd, told.most.reply_tokens) == (None, None, None)
    assert told.about.reply_tokens == 3 * 500
    both = told.plus(forecast(Plan((SHORT,), (mine,)), mine, None))
    assert (both.about.usd, both.about.calls, both.most.reply_tokens) == (None, 6, None)


def test_who_has_nothing_left_to_be_asked_is_not_warmed_up():
    mine = made.provider()
    plan = Plan((SHORT,), (mine,), warm_up=True)
    first, *others = (trial.ref.trial_id for trial in plan.trials(mine))
    some, none = replace(plan, done=frozenset(others)), replace(plan, done=frozenset([first, *others]))
    assert forecast(some, mine, None).most.usd == pytest.approx(some.most_it_can_cost(lambda _: None)["alpha"])
    assert forecast(none, mine, None) == Forecast()
    assert none.most_it_can_cost(lambda _: None) == {"alpha": 0.0}
    client = made.Script()
    assert asyncio.run(run(none, client, lambda _: None)).attempts == 0
    assert client.asked == []
    asyncio.run(run(some, client, lambda _: None))
    assert [(trial.phase, trial.ref.trial_id == first) for trial, _ in client.asked] == [
        ("warmup", False),
        ("measure", True),
    ]
