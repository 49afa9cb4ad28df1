"""An open loop sends on its schedule, whoever has answered; what waits is counted from the schedule. In virtual time, so that truths are exact."""

import asyncio
from dataclasses import replace

import pytest

from harness.engine import Closed, Open, Plan, RunOptions, Sweep, lanes, run
from harness.told import Attempt, Clock
from tests.engine import made
from tests.engine.virtual import VirtualDate, run_virtually


class Slow(made.Script):
    """Each answer takes `service_s`, from a connection that was there."""

    def __init__(self, service_s, **more):
        super().__init__(**more)
        self.service_s = service_s

    async def attempts(self, trial, permit=None):
        assert permit is not None
        assert await permit()
        self.asked.append((trial, 1))
        started = VirtualDate.now(None)
        await asyncio.sleep(self.service_s)
        clock = Clock(connect_s=0.0, ttft_s=self.service_s, latency_s=self.service_s)
        yield replace(self.answer(trial, 1), started_at=started, clock=clock)


@pytest.fixture(autouse=True)
def _virtual_wall(monkeypatch):
    monkeypatch.setattr(lanes, "datetime", VirtualDate)


def ran(load, service_s=0.5, cases=10, concurrency=8, client=None, **options):
    """What was recorded."""
    recorded: list[Attempt] = []
    plan = Plan((made.suite(cases=cases),), (made.provider("alpha", concurrency),), load=load)
    client = client or Slow(service_s)
    tally = run_virtually(run(plan, client, recorded.append, RunOptions(**options)))
    assert tally.planned == plan.count
    return sorted(recorded, key=lambda one: one.clock.scheduled_s or 0.0)


def responses(recorded):
    return [one.clock.response_s for one in recorded]


def test_requests_go_out_when_they_are_due_whether_or_not_the_ones_before_have_ended():
    recorded = ran(Open(rate=10, duration_s=2), service_s=0.5)
    begun = recorded[0].clock.scheduled_s
    assert [one.clock.scheduled_s - begun for one in recorded] == pytest.approx([n / 10 for n in range(20)])
    assert responses(recorded) == pytest.approx([0.5] * 20)
    assert [one.clock.queue_s for one in recorded] == [0.0] * 20


def test_ten_a_second_for_a_minute_into_one_slot_of_half_a_second_is_told_from_the_schedule():
    """Arrival i is due at i/10 and, with those before it, is done at (i + 1)/2: it takes 0.5 + 0.4·i."""
    recorded = ran(Open(rate=10, duration_s=60, concurrency=1), service_s=0.5)
    assert responses(recorded) == pytest.approx([0.5 + 0.4 * i for i in range(600)])
    assert [one.clock.latency_s for one in recorded] == [0.5] * 600, "the service itself was never slower"
    assert [one.clock.queue_s for one in recorded] == pytest.approx([0.4 * i for i in range(600)])
    assert {one.load_level for one in recorded} == {10}


def test_two_slots_share_one_queue_first_come_first_served():
    """Two servers, arrivals every 0.1 s: number i begins at 0.25·i rounded down to its pair's turn."""
    recorded = ran(Open(rate=10, duration_s=1, concurrency=2), service_s=0.5)
    begins = [max(i / 10, 0.5 * (i // 2) + 0.1 * (i % 2)) for i in range(10)]
    assert responses(recorded) == pytest.approx([begin + 0.5 - i / 10 for i, begin in enumerate(begins)])


def test_what_finds_the_queue_full_is_recorded_as_dropped_and_never_sent():
    """One waits at a time: when 0.0 is done at 0.47 it is 0.1, then the first to come after, 0.5 at 0.94, 1.0 at 1.41, 1.5 and 1.9."""
    client = Slow(0.47)
    recorded = ran(Open(rate=10, duration_s=2, concurrency=1, queue=1), client=client)
    dropped = [one for one in recorded if one.failure is not None]
    assert {one.failure.kind for one in dropped if one.failure} == {"dropped"}
    assert len(recorded) == 20
    assert len(client.asked) + len(dropped) == 20
    sent = [one for one in recorded if one.ok]
    assert responses(sent) == pytest.approx([0.47, 0.84, 0.91, 0.88, 0.85, 0.92])


def test_a_load_that_lasts_longer_than_the_trials_asks_them_again_as_further_repeats():
    recorded = ran(Open(rate=10, duration_s=2.5), cases=10)
    assert [one.trial.repeat for one in recorded] == [0] * 10 + [1] * 10 + [2] * 5
    assert len({one.trial.ref.trial_id for one in recorded}) == 25


def test_without_a_duration_each_trial_is_asked_once():
    assert len(ran(Open(rate=10), cases=7)) == 7


def test_a_sweep_asks_one_level_after_the_other_and_each_begins_when_the_one_before_is_answered():
    recorded = ran(Sweep((Open(rate=2, duration_s=2), Open(rate=4, duration_s=1))), service_s=1.0)
    assert [one.load_level for one in recorded] == [2] * 4 + [4] * 4
    first, second = recorded[:4], recorded[4:]
    ended = max(one.clock.scheduled_s + one.clock.response_s for one in first)
    assert second[0].clock.scheduled_s == pytest.approx(ended + lanes.HEAD_START_S)


def test_a_sweep_of_closed_loops_keeps_to_each_level():
    client = made.Script()
    recorded = ran(Sweep((Closed(1), Closed(3))), client=client, cases=9)
    assert sorted(one.load_level for one in recorded) == [1] * 9 + [3] * 9
    assert client.most_in_flight == {"alpha": 3}
    assert {trial.provider.limits.max_concurrency for trial, _ in client.asked} == {3}


def test_a_stop_wakes_those_who_wait_for_the_next_moment():
    async def story():
        stop = asyncio.Event()
        plan = Plan((made.suite(cases=5),), (made.provider(),), load=Open(rate=0.001))
        running = asyncio.create_task(run(plan, Slow(0.5), lambda _: None, RunOptions(stop=stop)))
        await asyncio.sleep(10)
        stop.set()
        tally = await running
        return tally, asyncio.get_running_loop().time()

    tally, ended = run_virtually(story())
    assert tally.done == 1
    assert ended == pytest.approx(10)


def test_a_provider_that_is_stopped_is_waited_for_no_more():
    client = Slow(0.5)
    client.answer = lambda trial, number: made.attempt(trial, number, "auth", retryable=False)
    recorded = ran(Open(rate=0.001), client=client)
    assert len(recorded) == 1
