import asyncio
import time
from functools import partial
from itertools import pairwise

import pytest

from harness.client.slices import SLICE_S, Slices


class Turns:
    """Counts the turns of the loop."""

    def __init__(self):
        self.count = 0
        self._again()

    def _again(self):
        self.count += 1
        self._handle = asyncio.get_running_loop().call_soon(self._again)

    def stop(self):
        self._handle.cancel()


def at_once(number, seconds):
    """In which turn of the loop each of so many pieces of work was done, all of which were there at once."""

    async def main():
        turns, slices, done = Turns(), Slices(), []

        def work():
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                pass
            done.append(turns.count)

        await asyncio.gather(*(slices.do(work) for _ in range(number)))
        turns.stop()
        return done

    return asyncio.run(main())


def test_the_loop_turns_between_two_pieces_of_long_work():
    assert all(later > earlier for earlier, later in pairwise(at_once(8, 2 * SLICE_S)))


def test_short_work_is_done_at_one_go():
    assert len(set(at_once(4, 0.0))) == 1


def test_what_breaks_is_raised_and_the_next_has_its_turn():
    async def main():
        slices = Slices()
        with pytest.raises(ZeroDivisionError):
            await slices.do(lambda: 1 // 0)
        return await slices.do(lambda: 3)

    assert asyncio.run(main()) == 3


def test_whoever_was_cancelled_in_line_holds_nobody_up():
    async def main():
        slices = Slices()
        done: list[str] = []
        asking = [asyncio.ensure_future(slices.do(lambda: time.sleep(2 * SLICE_S)))]
        asking += [asyncio.ensure_future(slices.do(partial(done.append, name))) for name in "abc"]
        await asyncio.sleep(0)
        asking[2].cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return done

    assert asyncio.run(main()) == ["a", "c"]


def test_what_breaks_in_line_is_raised_where_it_was_asked_for():
    async def main():
        slices = Slices()
        long = asyncio.ensure_future(slices.do(lambda: time.sleep(2 * SLICE_S)))
        broken = asyncio.ensure_future(slices.do(lambda: 1 // 0))
        return await asyncio.gather(long, broken, slices.do(lambda: 3), return_exceptions=True)

    _, error, fine = asyncio.run(main())
    assert isinstance(error, ZeroDivisionError)
    assert fine == 3
