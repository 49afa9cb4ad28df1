import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from harness.client.lag import LagMonitor


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.data())
def test_the_worst_since_a_moment_is_the_maximum_since_then(lags, data):
    monitor = LagMonitor(clock=lambda: float(len(lags)))
    monitor._due = float(len(lags))
    monitor._in_flight = 2
    for at, lag in enumerate(lags):
        monitor.note(float(at), lag)
    since = data.draw(st.integers(0, len(lags) - 1))
    assert monitor.leave(float(since)) == max(lags[since:])


def test_an_attempt_sees_a_blocked_loop_and_one_after_it_does_not():
    async def main():
        monitor = LagMonitor()
        outer = monitor.enter()
        since = monitor.enter()
        await asyncio.sleep(0.002)
        time.sleep(0.05)  # noqa: ASYNC251 - blocking is the point
        blocked = monitor.leave(since)
        for _ in range(5):
            await asyncio.sleep(0)
        after = monitor.leave(monitor.enter())
        whole = monitor.leave(outer)
        monitor.close()
        return blocked, after, whole

    blocked, after, whole = asyncio.run(main())
    assert blocked >= 0.04
    assert after < blocked
    assert whole >= blocked


def test_the_watch_runs_only_while_something_is_in_flight():
    async def main():
        monitor = LagMonitor()
        first, second = monitor.enter(), monitor.enter()
        await asyncio.sleep(0.02)
        monitor.leave(first)
        assert monitor._timer is not None
        assert not monitor._timer.cancelled()
        running = monitor._timer
        monitor.leave(second)
        ended = running.cancelled(), monitor._timer
        monitor.enter()
        monitor.close()
        monitor.close()
        return ended, monitor._timer

    assert asyncio.run(main()) == ((True, None), None)
