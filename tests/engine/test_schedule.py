"""The schedule asks everything once, no more at a time than allowed, and stops when it should."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Prices
from harness.client import most_it_can_cost
from harness.engine import Closed, Plan, RunOptions, run, schedule
from harness.errors import StoreError
from harness.told import Attempt, Tally
from tests.engine import made


def plan_of(*providers, cases=10, **more):
    return Plan((made.suite(cases=cases, params={"max_tokens": 5}),), providers or (made.provider(),), **more)


def ran(plan, client=None, options=None):
    """The tally and what was recorded."""
    recorded: list[Attempt] = []
    client = client or made.Script()
    tally = asyncio.run(run(plan, client, recorded.append, options or RunOptions()))
    assert client.left_open == 0
    return tally, recorded


def ignored(_attempt):
    pass


def test_every_trial_of_every_provider_is_asked_once_and_recorded():
    plan = plan_of(made.provider("alpha"), made.provider("beta"))
    tally, recorded = ran(plan)
    expected = [trial.ref.trial_id for one in plan.providers for trial in plan.trials(one)]
    assert sorted(one.trial.ref.trial_id for one in recorded) == sorted(expected)
    assert (tally.planned, tally.done, tally.failed, tally.attempts, tally.stopped) == (20, 20, 0, 20, {})
    assert tally.spend_usd == pytest.approx(0.02)


def test_an_empty_plan_is_done_at_once():
    assert ran(plan_of(cases=0))[0].done == 0


def test_no_provider_has_more_in_flight_than_its_limit():
    client = made.Script()
    ran(plan_of(made.provider("alpha", 3), made.provider("beta", 1)), client)
    assert client.most_in_flight == {"alpha": 3, "beta": 1}


def test_the_load_s_concurrency_wins_and_is_what_the_client_is_told():
    client = made.Script()
    ran(plan_of(made.provider("alpha", 3), load=Closed(5)), client)
    assert client.most_in_flight == {"alpha": 5}
    assert {trial.provider.limits.max_concurrency for trial, _ in client.asked} == {5}


def test_trials_are_pulled_only_as_slots_come_free():
    async def story():
        gate = asyncio.Event()
        client = made.Script(gate=gate)
        stop = asyncio.Event()
        endless = plan_of(cases=2, repeat=10**9)
        running = asyncio.create_task(run(endless, client, ignored, RunOptions(stop=stop, grace_s=0.01)))
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(client.asked) == 2
        stop.set()
        assert (await running).done == 0

    asyncio.run(story())


def test_each_attempt_of_a_trial_is_recorded_and_the_last_decides():
    client = made.Script(
        lambda trial, number: made.attempt(trial, number, None if number == 3 else "overloaded"), most=3
    )
    tally, recorded = ran(plan_of(cases=2), client)
    assert Counter(one.number for one in recorded) == {1: 2, 2: 2, 3: 2}
    assert (tally.done, tally.failed, tally.attempts) == (2, 0, 6)


def test_a_trial_that_fails_for_good_is_counted_and_the_run_goes_on():
    client = made.Script(lambda trial, number: made.attempt(trial, number, "server_error"), most=2)
    tally, _ = ran(plan_of(cases=30), client)
    assert (tally.done, tally.failed, tally.attempts, tally.stopped) == (30, 30, 60, {})


@pytest.mark.parametrize("kind", ["auth", "quota_exhausted", "model_not_found"])
def test_what_would_fail_alike_stops_that_provider_alone(kind):
    def answer(trial, number):
        return made.attempt(trial, number, kind if trial.provider.name == "alpha" else None, retryable=False)

    tally, recorded = ran(plan_of(made.provider("alpha", 2), made.provider("beta")), made.Script(answer))
    assert Counter(one.trial.provider.name for one in recorded) == {"alpha": 2, "beta": 10}
    assert tally.stopped == {"alpha": f"{kind}: it was {kind}"}
    assert (tally.planned, tally.done, tally.failed) == (20, 12, 2)


def test_a_provider_that_was_never_reached_is_given_up_after_twenty_trials():
    client = made.Script(lambda trial, number: made.attempt(trial, number, "connect_refused"))
    tally, recorded = ran(plan_of(cases=40), client)
    assert 20 <= len(recorded) <= 21
    assert tally.stopped["alpha"].startswith("unreachable: its first 20 trials all failed on the network")
    assert tally.stopped["alpha"].endswith("connect_refused: it was connect_refused")


@pytest.mark.parametrize("answered", [1, 20])
def test_a_provider_that_was_reached_among_its_first_twenty_trials_is_asked_to_the_end(answered):
    def answer(trial, number):
        return made.attempt(trial, number, None if len(client.asked) == answered else "dns")

    client = made.Script(answer)
    tally, recorded = ran(plan_of(made.provider("alpha", 1), cases=40), client)
    assert (len(recorded), tally.stopped) == (40, {})


def test_the_first_failure_stops_the_run_when_asked_for_and_what_is_in_flight_ends():
    def answer(trial, number):
        return made.attempt(trial, number, "server_error" if trial.provider.name == "alpha" else None, retryable=False)

    plan = plan_of(made.provider("alpha", 1), made.provider("beta", 4))
    tally, recorded = ran(plan, made.Script(answer), RunOptions(max_failures=1))
    assert Counter(one.trial.provider.name for one in recorded)["alpha"] == 1
    assert len(recorded) <= 9
    assert not [one for one in recorded if one.failure and one.failure.kind == "cancelled"]
    assert (tally.ended_by, tally.stopped) == ("failures", {})
    assert tally.why.endswith("1 of 20 trials had no answer (--max-failures), the last with server_error from alpha")


def test_the_first_failure_stops_nobody_who_has_nothing_left_to_be_asked():
    client = made.Script(lambda trial, number: made.attempt(trial, number, "bad_request", retryable=False))
    tally, _ = ran(plan_of(cases=1), client, RunOptions(max_failures=1))
    assert (tally.failed, tally.ended_by) == (1, None)


@pytest.mark.parametrize(("allowed", "failed"), [(3, 3), (0.2, 5), (0.0, 1), (1.0, 20), (25, 20)])
def test_so_many_failures_or_more_than_that_share_of_the_planned_trials_end_the_run(allowed, failed):
    client = made.Script(lambda trial, number: made.attempt(trial, number, "server_error", retryable=False))
    tally, _ = ran(plan_of(made.provider("alpha", 1), cases=20), client, RunOptions(max_failures=allowed))
    assert tally.failed == failed
    assert tally.ended_by == ("failures" if failed < 20 else None)


def test_what_was_answered_counts_for_no_limit_of_failures():
    client = made.Script(
        lambda trial, number: made.attempt(trial, number, None if number > 1 else "overloaded"), most=2
    )
    tally, _ = ran(plan_of(), client, RunOptions(max_failures=1))
    assert (tally.done, tally.failed, tally.ended_by) == (10, 0, None)


def test_when_the_time_is_up_nothing_new_is_asked_and_what_is_in_flight_may_end():
    async def story():
        client = made.Script(gate=asyncio.Event())
        recorded: list[Attempt] = []
        options = RunOptions(max_time_s=0.01)
        running = asyncio.create_task(run(plan_of(made.provider("alpha", 2)), client, recorded.append, options))
        await asyncio.sleep(0.05)
        client.gate.set()
        tally = await running
        assert (tally.done, len(recorded), tally.ended_by) == (2, 2, "time")
        assert tally.why == "it has taken the 0.01 s that it may (--max-time)"
        assert all(one.ok for one in recorded)

    asyncio.run(story())


def test_what_outlasts_the_grace_when_the_time_is_up_is_cancelled(monkeypatch):
    monkeypatch.setattr(schedule, "TIME_GRACE_S", 0.01)
    client = made.Script(gate=asyncio.Event())
    tally, recorded = ran(plan_of(), client, RunOptions(max_time_s=0.01, grace_s=0.0))
    assert {one.failure and one.failure.kind for one in recorded} == {"cancelled"}
    assert (tally.done, tally.ended_by) == (0, "time")


def test_a_run_that_is_through_in_time_was_ended_by_nothing():
    tally, recorded = ran(plan_of(), None, RunOptions(max_time_s=600.0))
    assert (len(recorded), tally.ended_by) == (10, None)


def test_after_a_stop_nothing_is_tried_again():
    seen = []

    def answer(trial, number):
        seen.append(trial)
        kind = "auth" if len(seen) == 2 else "overloaded"
        return made.attempt(trial, number, kind, retryable=kind == "overloaded")

    _, recorded = ran(plan_of(made.provider("alpha", 2), cases=5), made.Script(answer, most=9))
    assert len(recorded) <= 4


MOST = most_it_can_cost(made.suite(cases=1).cases[0].prompt, {"max_tokens": 5}, made.PRICES, None) or 0.0


def test_the_budget_is_never_exceeded_and_what_is_left_undone_says_why():
    client = made.Script(lambda trial, number: made.attempt(trial, number, usd=MOST))
    tally, recorded = ran(plan_of(made.provider("alpha", 4)), client, RunOptions(budget_usd=MOST * 3.5))
    assert len(recorded) == 3
    assert tally.spend_usd <= MOST * 3.5
    assert tally.stopped["alpha"].startswith("budget: the next call can cost $")
    assert (tally.ended_by, tally.why) == ("budget", f"its budget of ${MOST * 3.5:g} is spent")


def test_what_was_spent_before_counts():
    client = made.Script(lambda trial, number: made.attempt(trial, number, usd=MOST))
    options = RunOptions(budget_usd=MOST * 3.5, spent_usd=MOST * 2)
    assert len(ran(plan_of(made.provider("alpha", 4)), client, options)[1]) == 1


class HalfCached(made.Script):
    """Replays what has an even number; the rest is asked."""

    async def attempts(self, trial, permit=None):
        if int(trial.case.id.rpartition("-")[2]) % 2 == 0:
            yield made.attempt(trial, replayed=True, usd=9.0)
        else:
            async for one in super().attempts(trial, permit):
                yield one


@pytest.mark.parametrize(("replays", "done"), [(True, 5), (False, None)])
def test_without_any_budget_what_is_cached_is_replayed_all_the_same(replays, done):
    tally, recorded = ran(plan_of(), HalfCached(), RunOptions(budget_usd=0.0, replays=replays))
    assert all(one.replayed for one in recorded)
    assert tally.ended_by == "budget"
    assert tally.done == done if done else tally.done < 5


def test_calls_that_cost_less_than_they_might_leave_room_for_more():
    client = made.Script(lambda trial, number: made.attempt(trial, number, usd=MOST / 100))
    tally, recorded = ran(plan_of(made.provider("alpha", 4)), client, RunOptions(budget_usd=MOST * 1.5))
    assert (len(recorded), tally.stopped) == (10, {})


def test_the_budget_counts_retries_and_what_may_have_been_billed():
    def answer(trial, number):
        return made.attempt(trial, number, "stream_truncated", usd=None)

    tally, recorded = ran(
        plan_of(made.provider("alpha", 1)), made.Script(answer, most=9), RunOptions(budget_usd=MOST * 2.5)
    )
    assert len(recorded) == 2
    assert set(tally.stopped) == {"alpha"}


@pytest.mark.parametrize(
    "refusal",
    [
        {"kind": "overloaded", "http_status": 503},
        {"kind": "connect_refused"},
        {"kind": "unsupported_parameter"},
        {"replayed": True, "usd": 9.0},
    ],
)
def test_what_was_refused_or_replayed_costs_no_budget(refusal):
    refusal = {"usd": None, **refusal}
    client = made.Script(lambda trial, number: made.attempt(trial, number, **refusal))
    _, recorded = ran(plan_of(), client, RunOptions(budget_usd=MOST * 1.01))
    assert len(recorded) == 10


def test_under_a_budget_a_provider_without_prices_is_not_asked_and_the_others_are():
    plan = plan_of(made.provider("alpha", prices=Prices()), made.provider("beta"))
    tally, recorded = ran(plan, None, RunOptions(budget_usd=1e6))
    assert {one.trial.provider.name for one in recorded} == {"beta"}
    assert set(tally.stopped) == {"alpha"}
    assert "unknown, so none fits a budget; give the provider its prices" in tally.stopped["alpha"]


def test_the_catalogue_s_output_limit_bounds_cases_without_max_tokens():
    plan = Plan((made.suite(),), (made.provider(),))
    options = RunOptions(budget_usd=1e6, max_output_of=lambda one: 100)
    assert ran(plan, None, options)[0].done == 3
    assert ran(plan, None, RunOptions(budget_usd=1e6))[0].done == 0


@given(
    st.integers(1, 5), st.integers(0, 8), st.lists(st.sampled_from([None, "overloaded", "timeout_total"]), min_size=1)
)
def test_whatever_is_answered_the_budget_holds_and_the_run_ends(concurrency, calls, kinds):
    def answer(trial, number):
        kind = kinds[(int(trial.case.id.partition("-")[2]) + number) % len(kinds)]
        return made.attempt(trial, number, kind, usd=MOST)

    plan = plan_of(made.provider("alpha", concurrency), made.provider("beta", concurrency))
    tally, recorded = ran(plan, made.Script(answer, most=3), RunOptions(budget_usd=calls * MOST * 1.0001))
    assert len(recorded) <= calls
    assert tally.spend_usd <= calls * MOST * 1.0001


def stopped_while_in_flight(gate_opens, cases=10):
    async def story():
        gate, stop = asyncio.Event(), asyncio.Event()
        recorded: list[Attempt] = []
        client = made.Script(gate=gate)
        options = RunOptions(stop=stop, grace_s=0.02)
        running = asyncio.create_task(run(plan_of(cases=cases), client, recorded.append, options))
        await client.two_in_flight.wait()
        stop.set()
        for _ in range(5):
            await asyncio.sleep(0)
        if gate_opens:
            gate.set()
        tally = await running
        assert client.left_open == 0
        return tally, recorded

    return asyncio.run(story())


def test_what_is_in_flight_at_a_stop_may_end_and_nothing_new_is_asked():
    tally, recorded = stopped_while_in_flight(gate_opens=True)
    assert [one.ok for one in recorded] == [True, True]
    assert (tally.done, tally.stopped) == (2, {})


def test_what_does_not_end_in_time_is_cancelled_and_recorded_so():
    tally, recorded = stopped_while_in_flight(gate_opens=False)
    assert [(one.failure.kind, one.number) for one in recorded] == [("cancelled", 1)] * 2
    assert "may have been paid for" in recorded[0].failure.error
    assert recorded[0].started_at.utcoffset() is not None
    assert (tally.done, tally.attempts) == (0, 2)


def test_a_cancelled_run_winds_up_records_what_was_in_flight_and_raises():
    async def story():
        recorded: list[Attempt] = []
        told: list[Tally] = []
        client = made.Script(gate=asyncio.Event())
        running = asyncio.create_task(run(plan_of(), client, recorded.append, RunOptions(progress=told.append)))
        await client.two_in_flight.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert [one.failure and one.failure.kind for one in recorded] == ["cancelled", "cancelled"]
        assert client.left_open == 0
        assert told[-1].attempts == 2

    asyncio.run(story())


def test_what_waits_for_budget_at_a_stop_is_neither_asked_nor_recorded():
    async def story():
        stop = asyncio.Event()
        recorded: list[Attempt] = []
        client = made.Script(gate=asyncio.Event())
        options = RunOptions(stop=stop, grace_s=0.01, budget_usd=MOST * 1.5)
        running = asyncio.create_task(run(plan_of(), client, recorded.append, options))
        await asyncio.sleep(0.005)
        stop.set()
        await running
        assert len(recorded) == len(client.asked) == 1

    asyncio.run(story())


def test_what_recording_raises_ends_the_run_and_passes_through():
    def full(attempt):
        raise StoreError("the disk is full")

    client = made.Script()
    with pytest.raises(StoreError, match="the disk is full"):
        asyncio.run(run(plan_of(), client, full))
    assert len(client.asked) <= 2
    assert client.left_open == 0


def test_what_the_client_raises_passes_through_and_the_rest_is_cancelled():
    def broken(trial, number):
        raise ZeroDivisionError

    client = made.Script(broken)
    recorded: list[Attempt] = []
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run(plan_of(), client, recorded.append))
    assert {one.failure and one.failure.kind for one in recorded} <= {"cancelled"}
    assert client.left_open == 0


def test_a_client_whose_attempts_are_no_generator_will_do():
    class Once:
        def __init__(self, trial):
            self.trial = trial

        def __aiter__(self):
            return self

        async def __anext__(self):
            if self.trial is None:
                raise StopAsyncIteration
            trial, self.trial = self.trial, None
            return made.attempt(trial)

    class Client:
        def attempts(self, trial, permit):
            return Once(trial)

    recorded: list[Attempt] = []
    tally = asyncio.run(run(plan_of(), Client(), recorded.append))
    assert (tally.done, len(recorded)) == (10, 10)


def test_progress_is_told_the_last_state_at_the_end():
    told: list[Tally] = []
    tally, _ = ran(plan_of(), None, RunOptions(progress=told.append))
    assert told[-1] == tally


def test_a_limit_that_another_process_found_ends_the_run_with_its_words():
    plan = Plan((made.suite(cases=9),), (made.provider("alpha"),))

    async def story():
        ended = asyncio.get_running_loop().create_future()

        def answer(trial, number):
            if not ended.done():
                ended.set_result(("failures", "5 of 9 trials had no answer"))
            return made.attempt(trial, number)

        recorded: list[Attempt] = []
        tally = await run(plan, made.Script(answer), recorded.append, RunOptions(ended=ended))
        return tally, recorded

    tally, recorded = asyncio.run(story())
    assert (tally.ended_by, tally.why) == ("failures", "5 of 9 trials had no answer")
    assert 0 < len(recorded) < plan.count
