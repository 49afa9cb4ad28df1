"""Who is picked: each strategy's rule, the filters, and what holds for all of them."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Prices, Prompt, Provider
from harness.errors import NothingSelected, WrongUse
from harness.registry import STRATEGIES as NAMES
from harness.registry import Fallback, ModelFacts, Profile
from harness.routing import BreakerOptions, Known
from harness.routing.known import Candidate
from harness.routing.live import Live
from harness.routing.picking import Picker
from harness.routing.strategies import STRATEGIES
from harness.told import Failure
from tests.routing.switchable import standing, table

DOLLAR = 1e-6
TEXT = Prompt(({"role": "user", "content": "hi"},))
PICTURE = Prompt(({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]},))
TOOLS = replace(TEXT, tools=({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},))


ANY = Profile()


def candidate(name, place=0, *, measured=(), facts=None, **more):
    one = Provider(name, f"openai/{name}", **more)
    return Candidate(one, facts or ModelFacts(), {one.capability: one for one in measured}, place)


def picker(*candidates, usual="weighted", seed=1, clock=lambda: 0.0, **more):
    made: list[Picker] = []

    def changed() -> None:
        made[0].changed()

    lives = {one.name: Live(one.provider, BreakerOptions(failures=1, window=1), changed) for one in candidates}
    for one in candidates:
        found = one.standing(None)
        lives[one.name].typical_s = found.latency.p50.value if found and found.latency.p50 else None
    made.append(Picker(Known(tuple(candidates), **more), lives, usual, rng=random.Random(seed), clock=clock))
    return made[0]


def picked(of, profile=ANY, capability=None, prompt=None, conversation=None):
    return of.pick(profile, capability, prompt, conversation)


GOOD = candidate(
    "good", 0, measured=[standing("good", 0.9, cost=0.01, p50=3.0)], prices=Prices(10 * DOLLAR, 30 * DOLLAR)
)
CHEAP = candidate(
    "cheap", 1, measured=[standing("cheap", 0.6, cost=0.0001, p50=2.0)], prices=Prices(0.1 * DOLLAR, 0.4 * DOLLAR)
)
QUICK = candidate(
    "quick",
    2,
    measured=[standing("quick", 0.7, cost=0.005, p50=0.5)],
    prices=Prices(1 * DOLLAR, 4 * DOLLAR),
    priority=5,
)
NEW = candidate("new", 3)
ALL = (GOOD, CHEAP, QUICK, NEW)


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        ("cost", ["cheap", "quick", "good", "new"]),
        ("performance", ["quick", "cheap", "good", "new"]),
        ("quality", ["good", "quick", "cheap", "new"]),
        ("balanced", ["cheap", "quick", "good", "new"]),
        ("priority", ["quick", "good", "cheap", "new"]),
        ("round_robin", ["good", "cheap", "quick", "new"]),
        ("weighted", ["cheap", "good", "quick", "new"]),
        ("manual", ["new", "good", "cheap", "quick"]),
    ],
)
def test_each_strategy_has_its_order(strategy, order):
    profile = Profile(strategy=strategy, providers=("new", "good", "cheap", "quick"))
    choice = picked(picker(*ALL, table=table({"math": {"cheap": 0.7, "good": 0.3}})), profile, "math")
    assert list(choice.candidates) == order
    assert choice.why.startswith(f"{choice.name} by ")
    assert "of 4 who can answer" in str(choice)


def test_the_strategies_are_those_that_may_be_written():
    assert set(STRATEGIES) == set(NAMES)


def test_costs_are_compared_by_one_measure():
    both = picked(picker(GOOD, CHEAP, usual="cost"))
    assert both.why.startswith("cheap by the lowest cost of a call when it was measured ($0.000100 a call)")
    priced = candidate("priced", 4, prices=Prices(0.01 * DOLLAR, 0.01 * DOLLAR))
    assert "by the lowest prices ($0.000015 a call)" in picked(picker(GOOD, CHEAP, priced, usual="cost")).why


def test_the_scales_of_the_balance_are_fixed():
    both = picked(picker(GOOD, CHEAP, usual="balanced"))
    dear = candidate("dear", 5, measured=[standing("dear", 0.1, cost=90.0)])
    three = picked(picker(GOOD, CHEAP, dear, usual="balanced"))
    assert both.figures == {name: three.figures[name] for name in ("good", "cheap")}
    assert both.figures == {"good": "balance 0.600", "cheap": "balance 0.720"}


def test_the_capability_counts_where_it_was_measured():
    one = candidate("one", measured=[standing("one", 0.5), standing("one", 0.99, capability="code")])
    two = candidate("two", 1, measured=[standing("two", 0.8), standing("two", 0.6, capability="code")])
    both = picker(one, two, usual="quality")
    assert picked(both).name == "two"
    assert picked(both, capability="code").name == "one"
    assert picked(both, capability="poems").name == "two"


def test_round_robin_goes_round():
    both = picker(GOOD, CHEAP, usual="round_robin")
    assert [picked(both).name for _ in range(5)] == ["good", "cheap", "good", "cheap", "good"]


def test_without_a_route_for_the_capability_the_mean_of_all_counts():
    routes = table({"math": {"cheap": 1.0}, "code": {"good": 1.0}})
    both = picker(GOOD, CHEAP, table=routes)
    choice = picked(both, capability="maths")
    assert choice.probability == pytest.approx(0.5)
    assert "as there is no route for 'maths' (did you mean 'math'?)" in choice.why
    assert "as no capability was said" in picked(both).why
    assert (
        "as the measured weights for 'math' give none of these a share"
        in picked(both, Profile(providers=("good",)), "math").why
    )
    assert "as no routes are in force" in picked(picker(GOOD)).why


def test_filters_say_why_somebody_is_left_out():
    sees = ModelFacts(context_tokens=100_000, capabilities=frozenset({"vision", "tools"}))
    blind = ModelFacts(context_tokens=50, lacks=frozenset({"vision", "tools"}))
    eye = candidate("eye", facts=sees, tags=frozenset({"eu"}), prices=Prices(2 * DOLLAR, 8 * DOLLAR))
    mole = candidate("mole", 1, facts=blind, prices=Prices(1 * DOLLAR, 1 * DOLLAR))
    both = picker(eye, mole, not_ready={"absent": "is not ready: OPENAI_API_KEY is not set"})

    def why(profile=ANY, prompt=TEXT):
        return picked(both, profile, prompt=prompt).left_out

    assert why() == {"absent": "is not ready: OPENAI_API_KEY is not set"}
    assert why(Profile(tags=frozenset({"eu"})))["mole"] == "has no tag eu"
    assert why(Profile(needs=frozenset({"vision"})))["mole"] == "is not known to be able to do vision"
    assert why(prompt=PICTURE)["mole"] == "is not known to be able to do vision"
    assert why(prompt=TOOLS)["mole"] == "is not known to be able to do tools"
    assert why(Profile(context_tokens=1000))["mole"] == "reads 50 tokens at most"
    assert why(Profile(max_output_price=5.0))["eye"] == "takes $8 for a million completion tokens, and $5 is the limit"
    assert why(Profile(providers=("eye",)))["mole"] == "is not among the profile's providers"
    long = Prompt(({"role": "user", "content": "word " * 400},))
    assert why(prompt=long)["mole"] == "reads 50 tokens at most, and the prompt has more"
    unpriced = picker(eye, NEW)
    assert picked(unpriced, Profile(max_input_price=2.0)).left_out["new"] == "has no known price for prompt tokens"
    assert picked(unpriced, Profile(context_tokens=9)).left_out["new"] == "is not known to read so many tokens"
    with pytest.raises(NothingSelected, match="mole has no tag eu"):
        picked(both, Profile(tags=frozenset({"eu"}), providers=("mole",)))


def test_an_unknown_capability_of_a_model_is_no_reason_where_only_the_prompt_shows_it():
    assert picked(picker(NEW), prompt=PICTURE).name == "new"
    with pytest.raises(NothingSelected):
        picked(picker(NEW), Profile(needs=frozenset({"vision"})))


def test_a_profile_may_be_given_lists_and_sets():
    given = Profile(tags={"eu"}, needs=["tools"], providers=["a", "b"], fallbacks="c")  # type: ignore[arg-type]
    assert given == Profile(None, None, ("a", "b"), frozenset({"eu"}), frozenset({"tools"}), fallbacks=("c",))
    assert hash(given) == hash(
        Profile(None, None, ("a", "b"), frozenset({"eu"}), frozenset({"tools"}), fallbacks=("c",))
    )


def test_profiles_that_make_no_sense_are_refused():
    with pytest.raises(WrongUse, match="did you mean 'cost'"):
        Profile(strategy="costs")  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match="takes providers in your order"):
        Profile(strategy="manual")
    with pytest.raises(WrongUse, match="leaves no time"):
        Profile(deadline_s=0.0)


def test_who_follows_is_in_the_order_of_the_fallback():
    for strategy, names in (
        ("priority", ["quick", "cheap", "new"]),
        ("cost", ["cheap", "quick", "new"]),
        ("latency", ["quick", "cheap", "new"]),
    ):
        of = picker(*ALL, fallback=Fallback(strategy=strategy))
        assert [one.name for one in of.after(picked(of).plan, ["good"])] == names


def test_a_plan_is_kept_until_something_changes():
    now = [0.0]
    of = picker(GOOD, CHEAP, usual="quality", clock=lambda: now[0])
    first = picked(of)
    assert picked(of).plan is first.plan
    live = of._lives["good"]
    live.end(Failure("server_error", ""), now[0], probe=live.begin())
    assert picked(of).name == "cheap"
    assert "its breaker is open" in picked(of).left_out["good"]
    now[0] = 10.0
    assert picked(of).name == "good", "half-open, it is probed"
    assert live.begin()
    assert picked(of).left_out["good"] == "its breaker is half-open, and it is being probed"


def test_the_quickest_are_ranked_anew():
    now = [0.0]
    of = picker(GOOD, CHEAP, usual="performance", clock=lambda: now[0])
    assert picked(of).name == "cheap"
    of._lives["cheap"].typical_s = 9.0
    now[0] = 1.0
    assert picked(of).name == "good"


shares = st.lists(st.integers(0, 100), min_size=2, max_size=6).filter(lambda found: sum(found) > 0)


def of_shares(numbers, *, seed=1, also=()):
    names = [f"p{number}" for number in range(len(numbers))]
    weights = {name: number / sum(numbers) for name, number in zip(names, numbers, strict=True)}
    return weights, picker(
        *(candidate(name, place) for place, name in enumerate(names)), *also, seed=seed, table=table({"math": weights})
    )


@given(shares, st.integers(0, 10_000))
def test_picks_keep_to_the_weights_and_nobody_without_one_is_picked(numbers, seed):
    weights, of = of_shares(numbers, seed=seed)
    n = 1_000
    found = Counter(picked(of, capability="math").name for _ in range(n))
    for name, weight in weights.items():
        assert abs(found[name] - n * weight) <= 5.5 * (n * weight * (1 - weight)) ** 0.5 + 1e-9


@given(shares, st.integers(0, 10_000), st.sampled_from(NAMES))
def test_adding_one_that_is_unwell_changes_no_pick(numbers, seed, strategy):
    _, before = of_shares(numbers, seed=seed)
    ill = candidate("ill", 99, priority=9)
    _, after = of_shares(numbers, seed=seed, also=[ill])
    after._lives["ill"].end(Failure("auth", ""), 0.0, probe=False)
    profile = Profile(strategy=strategy, providers=("p0", "p1", "ill") if strategy == "manual" else ())
    for number in range(20):
        talk = f"c{number}" if number % 2 else None
        mine = [picked(one, profile, "math", conversation=talk).name for one in (before, after)]
        assert mine[0] == mine[1]


@given(shares, st.lists(st.text(min_size=1), min_size=1, max_size=20))
def test_a_conversation_stays_unless_its_provider_falls_ill_and_then_comes_back(numbers, talks):
    weights, of = of_shares(numbers)
    first = {talk: picked(of, capability="math", conversation=talk).name for talk in talks}
    assert all(weights[name] > 0 for name in first.values())
    ill = first[talks[0]]
    of._lives[ill].end(Failure("auth", ""), 0.0, probe=False)
    then = {talk: picked(of, capability="math", conversation=talk).name for talk in talks}
    assert all(then[talk] == name for talk, name in first.items() if name != ill), "only its own conversations move"
    if sum(weight > 0 for weight in weights.values()) > 1:
        assert ill not in then.values()
    of._lives[ill].breaker._close()
    assert {talk: picked(of, capability="math", conversation=talk).name for talk in talks} == first


def test_conversations_are_spread_by_the_weights():
    _, of = of_shares([60, 30, 10])
    found = Counter(picked(of, capability="math", conversation=f"c{number}").name for number in range(3_000))
    assert [found[f"p{number}"] / 3_000 for number in range(3)] == pytest.approx([0.6, 0.3, 0.1], abs=0.03)
