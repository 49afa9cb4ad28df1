"""Workers are real processes here, which say what a script tells them to; what their run makes of it is what is tested."""

import signal
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness import engine
from harness.engine import Wish, workers
from harness.engine.messages import Ended, Grant, Refusal, Returns, Stop, Told, Wants, WindDown
from harness.errors import StoreError
from harness.told import Tally
from tests.engine.made import provider

COMMAND = (sys.executable, "-m", "tests.engine.scripted_worker")
A, B = provider("alpha"), provider("beta")
KILLED = -signal.SIGKILL


def ended(done, **more):
    return Ended(Tally(0, done=done, attempts=done, **more))


@dataclass
class Script:
    """What each worker does, by name; `jobs` are those that were given, `left` is what a killed one has recorded."""

    steps: dict[str, tuple[Any, ...]]
    left: engine.Remains = field(default_factory=lambda: engine.Remains(Tally(0)))
    jobs: list[Any] = field(default_factory=list)

    def work(self, *shares, planned=10):
        return engine.Work(shares, planned, self.job, lambda _worker, _share: self.left)

    def job(self, worker, share, so_far):
        self.jobs.append((worker, tuple(one.name for one in share), so_far))
        return self.steps[worker]


def run(script, *shares, wish=None, planned=10, **options):
    with engine.Workers(COMMAND, len(shares)) as crew:
        tally = crew.run(script.work(*shares, planned=planned), engine.RunOptions(**options), wish or Future())
        return tally, crew


def fulfil(wish, _tally):
    if not wish.done():
        wish.set_result(None)


def test_what_they_tell_is_summed():
    told: list[Tally] = []
    script = Script(
        {
            "1": (Told(Tally(0, done=1, failed=1)), ended(4, failed=1, spend_usd=0.5, stopped={"alpha": "auth: no"})),
            "2": (ended(6, spend_usd=0.25, unpriced=2),),
        }
    )
    tally, crew = run(script, (A,), (B,), progress=told.append)
    assert tally == Tally(10, 10, 1, 10, 0.75, 2, {"alpha": "auth: no"})
    assert told[-1] == tally
    assert [job[:2] for job in script.jobs] == [("1", ("alpha",)), ("2", ("beta",))]
    assert crew.notes == []


def test_another_takes_the_place_of_one_that_was_killed_and_is_told_what_is_done():
    left = engine.Remains(Tally(0, done=2, attempts=3, spend_usd=0.1), frozenset({"t1", "t2"}), {"t3": 1}, 2, 0.3)
    script = Script({"1": (Told(Tally(0, done=1)), KILLED), "2": (ended(3),)}, left)
    tally, crew = run(script, (A, B))
    assert (tally.done, tally.attempts, tally.spend_usd) == (5, 6, 0.1)
    worker, names, so_far = script.jobs[1]
    assert (worker, names) == ("2", ("alpha", "beta"))
    assert (so_far.done, so_far.before) == ({"t1", "t2"}, {"t3": 1})
    (note,) = crew.notes
    assert note == (
        "worker 1 was killed (SIGKILL) while it asked alpha, beta: worker 2 went on; "
        "2 trials in flight were asked again (possibly paid for)"
    )


def test_whom_it_had_stopped_asking_is_not_asked_again():
    script = Script({"1": (Told(Tally(0, stopped={"alpha": "auth: no"})), 3), "2": (ended(1),)})
    tally, crew = run(script, (A, B))
    assert script.jobs[1][1] == ("beta",)
    assert tally.stopped == {"alpha": "auth: no"}
    assert crew.notes[0].startswith("worker 1 ended without a word (exit code 3) while it asked alpha, beta: worker 2")


def test_after_three_deaths_a_share_is_given_up_and_the_others_go_on():
    script = Script({"1": (KILLED,), "2": (ended(5),), "3": (KILLED,), "4": (KILLED,)})
    tally, crew = run(script, (A,), (B,))
    assert tally.stopped == {"alpha": "the workers that asked it were killed 3 times"}
    assert tally.done == 5
    assert len(crew.notes) == 3


def test_an_error_of_one_stops_the_others_and_passes_through():
    script = Script({"1": (Ended(Tally(0), error=StoreError("the disk is full")),), "2": (Stop, ended(1))})
    with pytest.raises(StoreError, match="the disk is full"):
        run(script, (A,), (B,))


def test_a_wish_stops_all_and_nobody_takes_the_place_of_who_is_killed_then():
    wish: Wish = Future()
    wish.set_result(None)
    script = Script({"1": (Stop, ended(1)), "2": (Stop, KILLED)})
    tally, crew = run(script, (A,), (B,), wish=wish)
    assert tally.done == 1
    assert len(script.jobs) == 2
    assert crew.notes == [
        "worker 2 was killed (SIGKILL) while it asked beta; what it had in flight (0) was possibly paid for"
    ]


def test_a_wish_in_mid_run_is_heard_at_once():
    wish: Wish = Future()
    script = Script({"1": (Told(Tally(0, done=1)), Stop, ended(2))})
    tally, _ = run(script, (A,), wish=wish, progress=lambda tally: fulfil(wish, tally))
    assert tally.done == 2


def test_who_does_not_stop_is_killed(monkeypatch):
    monkeypatch.setattr(workers, "FAREWELL_S", 0.1)
    wish: Wish = Future()
    wish.set_result(None)
    script = Script({"1": (Grant,)})
    _, crew = run(script, (A,), wish=wish, grace_s=0.1)
    assert crew.notes[0].startswith("worker 1 was killed (SIGKILL)")


def test_failures_of_all_count_together():
    script = Script(
        {
            "1": (Told(Tally(0, done=1, failed=1)), WindDown, ended(1, failed=1)),
            "2": (Told(Tally(0, done=1, failed=1)), WindDown, ended(2, failed=1)),
        }
    )
    tally, _ = run(script, (A,), (B,), max_failures=2)
    assert (tally.ended_by, tally.why) == ("failures", "2 of 10 trials had no answer (--max-failures)")


def test_the_time_ends_it_for_all_and_then_stops_who_goes_on(monkeypatch):
    monkeypatch.setattr(workers, "TIME_GRACE_S", 0.05)
    script = Script({"1": (WindDown, ended(1)), "2": (WindDown, Stop, ended(2))})
    tally, _ = run(script, (A,), (B,), max_time_s=0.05)
    assert (tally.ended_by, tally.done) == ("time", 3)
    assert tally.interrupted


def test_a_limit_that_nothing_is_left_for_ends_nothing():
    script = Script({"1": (Told(Tally(0, done=2, failed=2)), ended(2, failed=2))})
    assert run(script, (A,), planned=2, max_failures=1)[0].ended_by is None


def test_one_budget_is_lent_to_all():
    script = Script(
        {
            "1": (Wants(0.6, 0.0, 0.0, 0.0), Grant, Returns(0.6, 0.0, 0.6), ended(1)),
            "2": (Wants(1.1, 0.0, 0.0, 0.0), Refusal, ended(0, ended_by="budget", why="its budget is spent")),
        }
    )
    tally, _ = run(script, (A,), (B,), budget_usd=1.0)
    assert (tally.ended_by, tally.why) == ("budget", "its budget is spent")


def test_what_a_killed_one_can_have_spent_is_spent():
    script = Script(
        {
            "1": (Wants(0.5, 0.0, 0.0, 0.0), Grant, KILLED),
            "2": (Wants(0.5, 0.0, 0.0, 0.0), Refusal, ended(0)),
        },
        engine.Remains(Tally(0), at_most_usd=0.6),
    )
    run(script, (A,), budget_usd=1.0)
    assert len(script.jobs) == 2


def test_none_is_left_when_the_run_breaks():
    processes: list[Any] = []

    def broken(_worker, _share, _so_far):
        processes.extend(one.process for one in crew._alive)
        raise LookupError

    with engine.Workers(COMMAND, 2) as crew, pytest.raises(LookupError):
        crew.run(
            engine.Work(((A,),), 1, broken, lambda _worker, _share: engine.Remains(Tally(0))),
            engine.RunOptions(),
            Future(),
        )
    assert [one.returncode for one in processes] == [KILLED, KILLED]


def test_a_wish_from_another_thread_is_heard():
    wish: Wish = Future()
    timer = threading.Timer(0.05, wish.set_result, [None])
    timer.start()
    tally, _ = run(Script({"1": (Stop, ended(1))}), (A,), wish=wish)
    timer.join()
    assert tally.done == 1
