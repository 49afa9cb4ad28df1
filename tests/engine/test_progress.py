"""Progress counts what has ended, and tells it a few times a second."""

from harness.engine import Plan
from harness.engine.progress import Progress
from harness.told import Tally
from tests.engine import made

ALPHA = made.provider()
TRIAL = next(Plan((made.suite(),), (ALPHA,)).trials(ALPHA))


def test_it_counts_attempts_trials_spend_and_what_has_no_price():
    progress = Progress(5, None)
    for one in [
        made.attempt(TRIAL, kind="overloaded", usd=None),
        made.attempt(TRIAL, usd=0.5),
        made.attempt(TRIAL, usd=None),
        made.attempt(TRIAL, kind="stream_truncated", usd=0.25),
        made.attempt(TRIAL, usd=7.0, replayed=True),
    ]:
        progress.attempted(one)
    progress.ended(made.attempt(TRIAL))
    progress.ended(made.attempt(TRIAL, kind="timeout_total"))
    progress.stopped("alpha", "first reason")
    progress.stopped("alpha", "second reason")
    progress.told_last()
    assert progress.tally == Tally(5, 2, 1, 5, 0.75, 1, {"alpha": "first reason"})


def test_it_is_told_at_most_ten_times_a_second_and_at_the_end():
    now = [0.0]
    told: list[Tally] = []
    progress = Progress(100, told.append, clock=lambda: now[0])
    for tick in range(100):
        now[0] = tick * 0.01
        progress.attempted(made.attempt(TRIAL))
        progress.ended(made.attempt(TRIAL))
    assert 9 <= len(told) <= 10
    progress.told_last()
    assert told[-1].done == 100
