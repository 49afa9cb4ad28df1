"""A routed answer as it comes: another provider takes over as long as nothing was shown, never after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from harness.ask import Provider
from harness.client import Delta, Stream
from harness.errors import AllFailed, WrongUse
from harness.routing.course import Course, Turn
from harness.routing.ledger import Ledger, Said
from harness.routing.routed import Routed
from harness.told import Attempt


class RoutedStream:
    """Chunks of one answer: `async with router.stream(…) as stream: async for piece in stream`; or `for piece in harness.wait(stream)`.

    The iteration raises AllFailed where nobody began to answer, and also where an answer broke off that had begun: no other is put behind it.
    Leaving the block early cancels the request. `routed` is everything about it, once it has been read to its end.
    """

    def __init__(
        self,
        begin: Callable[[], tuple[Said, Course]],
        ask: Callable[[Said, Provider], Stream],
        ledger: Ledger,
    ) -> None:
        self._begin, self._ask, self._ledger = begin, ask, ledger
        self._said: Said | None = None
        self._stack = AsyncExitStack()
        self._stream: Stream | None = None
        self._course: Course | None = None
        self._turn: Turn | None = None
        self._routed: Routed | None = None
        self._over = False

    @property
    def routed(self) -> Routed:
        """As `Router.ask` returns it. Raises WrongUse before the iteration has ended."""
        if self._routed is None:
            raise WrongUse("the stream has not been read to its end: there is no answer yet")
        return self._routed

    async def __aenter__(self) -> Self:
        self._said, self._course = self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        if self._turn is not None and self._course is not None:
            turn, self._turn = self._turn, None
            self._course.gave_up(turn, "was left before its end")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delta:
        if self._course is None:
            raise WrongUse("a stream is opened by `async with`, or read by `wait`")
        if self._over:
            raise StopAsyncIteration
        if self._stream is None:
            return await self._begun(self._course)
        try:
            return await anext(self._stream)
        except StopAsyncIteration:
            pass
        attempt, self._over = await self._ended(self._course), True
        if attempt.failure is not None:
            self._lost(self._course)
            who, why = attempt.trial.provider.name, attempt.failure
            raise AllFailed(
                f"{who} broke off an answer that had begun, and no other was put behind it: {why.kind}: {why.error}",
                self._course.attempts,
            )
        raise StopAsyncIteration

    async def _begun(self, course: Course) -> Delta:
        """The first piece of whoever is the first to give one. Raises AllFailed, and StopAsyncIteration for an answer without any."""
        while (turn := await course.next()) is not None:
            self._turn = turn
            assert self._said is not None
            self._stream = await self._stack.enter_async_context(self._ask(self._said, turn.provider))
            try:
                piece = await course.within(turn, _first(self._stream))
            except BaseException:
                self._turn = None
                raise
            if piece is not None and piece:
                return piece[0]
            if piece is None:  # the time is over
                self._turn = None
                await self._stack.aclose()
            elif (await self._ended(course)).ok:
                self._over = True
                raise StopAsyncIteration
            self._stream = None
        self._over = True
        self._lost(course)
        raise course.failed()

    def _lost(self, course: Course) -> None:
        assert self._said is not None
        self._ledger.lost(self._said, course)

    async def _ended(self, course: Course) -> Attempt:
        assert self._stream is not None
        assert self._turn is not None
        turn, self._turn = self._turn, None
        attempt = course.counted(turn, self._stream.attempt)
        self._stream = None
        await self._stack.aclose()
        if attempt.ok:
            assert self._said is not None
            self._routed = self._ledger.answered(self._said, course, attempt)
        return attempt


async def _first(stream: Stream) -> list[Delta]:
    """The first piece, if one comes."""
    async for piece in stream:
        return [piece]
    return []
