"""A plan names every trial once, in an order that a seed decides, and the most that they can cost."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Prices, Retries
from harness.client import key_of, most_it_can_cost
from harness.engine import Plan
from tests.engine import made

ALPHA, BETA = made.provider("alpha"), made.provider("beta")
SUMS, FACTS = made.suite("sums", 20), made.suite("facts", 20)


def names(plan, provider=ALPHA):
    return [(trial.case.id, trial.repeat) for trial in plan.trials(provider)]


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), max_size=4),
    st.none() | st.integers(1, 3),
    st.integers(0, 99),
)
def test_each_case_is_there_once_for_each_repeat_whatever_the_seed(shape, repeat, seed):
    suites = tuple(made.suite(f"s{n}", cases, repeat=times) for n, (cases, times) in enumerate(shape))
    plan = Plan(suites, (ALPHA, BETA), repeat=repeat, seed=seed)
    expected = [
        (case.id, number) for suite in suites for case in suite.cases for number in range(repeat or suite.repeat)
    ]
    assert sorted(names(plan)) == sorted(expected)
    assert plan.per_provider == {"alpha": len(expected), "beta": len(expected)}
    assert plan.count == 2 * len(expected)


def test_the_seed_decides_the_order_and_every_provider_has_the_same():
    plan = Plan((SUMS, FACTS), (ALPHA, BETA), seed=1)
    assert names(plan) == names(plan, BETA) == names(Plan((SUMS, FACTS), (ALPHA, BETA), seed=1))
    assert names(plan) != names(replace(plan, seed=2))


def test_suites_are_mixed_so_that_the_load_is():
    first_half = Counter(name.split("-")[0] for name, _ in names(Plan((SUMS, FACTS), (ALPHA,)))[:20])
    assert min(first_half["sums"], first_half["facts"]) >= 5


def test_all_first_repeats_come_before_the_second_ones():
    repeats = [repeat for _, repeat in names(Plan((made.suite("once", 5), made.suite("twice", 5, repeat=2)), (ALPHA,)))]
    assert repeats == [0] * 10 + [1] * 5


def test_a_case_s_params_win_over_its_suite_s_and_these_over_the_provider_s():
    suite = made.suite(cases=1, params={"b": "suite", "c": "suite"})
    suite = replace(suite, cases=(replace(suite.cases[0], params={"c": "case"}),))
    provider = made.provider(params={"a": "provider", "b": "provider", "c": "provider"})
    (trial,) = Plan((suite,), (provider,)).trials(provider)
    assert trial.params == {"a": "provider", "b": "suite", "c": "case"}


def test_a_trial_knows_its_place():
    plan = Plan((SUMS,), (ALPHA,), stream=False, phase="warmup")
    trial = next(plan.trials(ALPHA))
    assert (trial.suite, trial.suite_hash, trial.provider) == ("sums", SUMS.hash, ALPHA)
    assert (trial.stream, trial.phase) == (False, "warmup")


def test_trials_are_made_only_when_they_are_asked_for():
    endless = Plan((made.suite(cases=2),), (ALPHA,), repeat=10**12)
    assert endless.count == 2 * 10**12
    assert [trial.repeat for trial in islice(endless.trials(ALPHA), 5)] == [0, 0, 1, 1, 2]


def test_the_most_it_can_cost_is_every_attempt_s_most():
    suite = made.suite(cases=2, repeat=3, params={"max_tokens": 7})
    plan = Plan((suite,), (made.provider(retries=Retries(max_retries=1)),))
    once = [most_it_can_cost(case.prompt, {"max_tokens": 7}, made.PRICES, None) or 0.0 for case in suite.cases]
    assert all(once)
    assert plan.most_it_can_cost(lambda _: None) == {"alpha": pytest.approx(sum(once) * 3 * 2)}


def test_what_a_cache_answers_costs_nothing():
    suite = made.suite(cases=2, repeat=2, params={"max_tokens": 7})
    plan = Plan((suite,), (made.provider(retries=Retries(max_retries=0)),))
    trials = list(plan.trials(plan.providers[0]))
    [name] = plan.per_provider
    once = {trial.case.id: most_it_can_cost(trial.case.prompt, trial.params, made.PRICES, None) for trial in trials}
    cached = frozenset(key_of(trial) for trial in trials if trial.repeat == 0 or trial.case == suite.cases[0])
    most = plan.most_it_can_cost(lambda _: None, cached)
    assert most[name] == pytest.approx(once[suite.cases[1].id])
    unpriced = Plan((suite,), (made.provider(prices=Prices()),))
    everything = frozenset(key_of(trial) for trial in unpriced.trials(unpriced.providers[0]))
    assert unpriced.most_it_can_cost(lambda _: None, everything) == {name: 0.0}


def test_what_cannot_be_told_is_none_and_never_0():
    unpriced = made.provider("unpriced", prices=Prices())
    plan = Plan((made.suite(),), (made.provider("priced"), unpriced))
    assert plan.most_it_can_cost(lambda _: None) == {"priced": None, "unpriced": None}
    limits = {"priced": 5, "unpriced": 5}
    most = plan.most_it_can_cost(lambda one: limits[one.name])
    assert (most["priced"] or 0.0) > 0
    assert most["unpriced"] is None


def test_both_arms_are_asked_each_case_one_after_the_other_in_an_order_that_is_drawn():
    other = made.provider("alpha (base)")
    plan = Plan((SUMS, FACTS), (ALPHA,), seed=3, warm_up=True, against={"alpha": other})
    asked = [(trial.case.id, trial.provider.name) for trial in plan.trials(ALPHA)]
    pairs = list(zip(asked[::2], asked[1::2], strict=True))
    assert all(one[0] == two[0] and {one[1], two[1]} == {"alpha", "alpha (base)"} for one, two in pairs)
    assert 10 <= sum(one[1] == "alpha" for one, _ in pairs) <= 30
    assert [one for one, _ in pairs] != sorted(one for one, _ in pairs)
    assert (plan.count, plan.per_provider) == (80, {"alpha": 80})
    assert [trial.provider.name for trial in plan.warm_ups.trials(ALPHA)].count("alpha (base)") == 1
    assert plan.everyone == (ALPHA, other)
    left = replace(plan, done=frozenset(one.ref.trial_id for one in islice(plan.trials(ALPHA), 30)))
    assert [(one.case.id, one.provider.name) for one in left.trials(ALPHA)] == asked[30:]
