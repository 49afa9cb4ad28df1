"""An event loop whose time passes only while everybody waits, and then at once: hours take no time, and times are exact."""

import asyncio
import selectors
from datetime import timedelta

from tests.engine.made import NOW


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 0 s."""

    def __init__(self):
        self.now_s = 0.0
        super().__init__(_Impatient(self))

    def time(self):
        return self.now_s


class _Impatient(selectors.SelectSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        self._loop.now_s += timeout or 0.0
        return super().select(0)


class VirtualDate:
    """`datetime` for a module under test: `now` is as far from `NOW` as the loop's time is from 0."""

    @staticmethod
    def now(_zone):
        return NOW + timedelta(seconds=asyncio.get_running_loop().time())


def run_virtually(story):
    """Runs a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
