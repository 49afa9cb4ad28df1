"""Which providers are asked by which process, and by how many."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Account, Secret
from harness.engine import Closed, Open, Plan, Sweep, shares
from harness.engine.sharing import needed
from tests.engine.made import provider, suite


def names(made):
    return [[one.name for one in share] for share in made]


def at(name, **more):
    return provider(name, base_url=f"http://{name}", **more)


def plan(*providers, **more):
    return Plan((suite(cases=3),), providers, **more)


def test_as_many_as_are_wanted_but_no_more_than_owners_of_limits():
    four = plan(*map(at, "abcd"))
    assert names(shares(four, 2)) == [["a", "c"], ["b", "d"]]
    assert names(shares(four, 9)) == [["a"], ["b"], ["c"], ["d"]]
    assert names(shares(four, 1)) == [["a", "b", "c", "d"]]


def test_who_shares_an_account_or_a_key_is_asked_by_one():
    account = Account("ours", rpm=5)
    a, c = (replace(at(name), account=account) for name in "ac")
    assert names(shares(plan(a, at("b"), c), 3)) == [["a", "c"], ["b"]]
    key = Secret("k")
    same = [provider(name, base_url="http://one", api_key=key) for name in "ab"]
    assert names(shares(plan(*same, provider("c", base_url="http://one", api_key=Secret("j"))), 3)) == [
        ["a", "b"],
        ["c"],
    ]


def test_the_fleet_s_providers_are_apart_before_they_have_an_address():
    fleet = [provider(name, simulated=name) for name in "abc"]
    assert names(shares(plan(*fleet), 3)) == [["a"], ["b"], ["c"]]


def test_the_most_trials_come_first():
    done = plan(*map(at, "ab"))
    most = plan(*map(at, "abc"), done=frozenset(one.ref.trial_id for one in list(done.trials(at("a")))[:2]))
    assert names(shares(most, 2)) == [["b"], ["a", "c"]] or names(shares(most, 2)) == [["a", "b"], ["c"]]


@given(st.integers(1, 12), st.integers(1, 8))
def test_each_is_asked_by_exactly_one_and_nobody_is_idle(providers, workers):
    made = shares(plan(*(at(f"p{n}") for n in range(providers))), workers)
    assert sorted(one.name for share in made for one in share) == sorted(f"p{n}" for n in range(providers))
    assert len(made) == min(workers, providers)
    assert max(map(len, made)) - min(map(len, made)) <= 1


@pytest.mark.parametrize(
    ("load", "workers"),
    [
        (Closed(8), 1),
        (Closed(128), 1),
        (Closed(129), 2),
        (Closed(1000), 4),
        (Sweep((Closed(1), Closed(300))), 3),
        (Open(50), 1),
        (Open(150), 2),
    ],
)
def test_more_than_one_only_where_the_load_needs_them_and_cores_allow(load, workers):
    two = plan(at("a"), at("b"), load=load)
    assert needed(two, cores=4) == workers
    assert needed(two, cores=1) == 1
