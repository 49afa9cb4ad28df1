"""Worker processes: a plan is asked by several, each its own providers, and what they tell is summed. One that is killed is replaced.

Each worker writes its own journal, so that killing it loses nothing that was recorded; whoever takes its place is told what is done. The process
that they belong to asks nobody itself: it measures nothing, so it may wait for their messages one after the other.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, Pipe, wait
from types import TracebackType
from typing import Any, Self

from harness.engine.budget import Budget
from harness.engine.interrupt import Wish
from harness.engine.leases import Lender
from harness.engine.messages import Ended, FromWorker, Returns, Stop, Told, ToWorker, Wants, WindDown
from harness.engine.schedule import TIME_GRACE_S, RunOptions, most_failures
from harness.engine.sharing import Share
from harness.told import EndedBy, Tally

MOST_DEATHS = 3
"""A share whose workers have been killed so often is given up: whatever kills them would kill the next one too."""
FAREWELL_S = 10.0
"""So much longer than its grace a worker may take to end once it is stopped; then it is killed."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What a killed worker has recorded: its tally, trials that need not be asked again, how many attempts at others were made by trial_id.

    `in_flight` were started and have no end; `at_most_usd` is what all of it can have cost.
    """

    tally: Tally
    done: frozenset[str] = frozenset()
    before: Mapping[str, int] = field(default_factory=dict)
    in_flight: int = 0
    at_most_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be asked by workers: who by each, `planned` trials in all.

    `job` makes what a worker of that name is told first: whom to ask, and what was done of it by those before it; it must be picklable. `remains` reads
    what a killed worker of that name has recorded of its share.
    """

    shares: Sequence[Share]
    planned: int
    job: Callable[[str, Share, Remains], object]
    remains: Callable[[str, Share], Remains]


@dataclass(slots=True)
class _Worker:
    """A worker process and what it has told. `so_far` is what workers of its share before it have recorded; `deaths` counts them."""

    name: str
    process: subprocess.Popen[bytes]
    pipe: Connection
    share: Share = ()
    so_far: Remains = field(default_factory=lambda: Remains(Tally(0)))
    deaths: int = 0
    tally: Tally = field(default_factory=lambda: Tally(0))

    def tell(self, message: object) -> None:
        """What a worker cannot hear any more is not said; its end is heard by itself."""
        with suppress(OSError):
            self.pipe.send(message)


class Workers:
    """Context manager: so many processes, started by `command` with the number of their end of the pipe behind it; at the end none is left.

    They load what they need while the run is still being prepared. Each has a session of its own, so that Ctrl-C reaches this process only,
    and ends when this process does, however that ends.
    """

    def __init__(self, command: Sequence[str], count: int) -> None:
        self._command = command
        self._count = count
        self._names = 0
        self._alive: list[_Worker] = []
        self._idle: list[_Worker] = []
        self.notes: list[str] = []
        """Who was killed, in sentences."""
        self.found: dict[str, Any] = {}
        """What the workers found out, by provider's name."""

    def __enter__(self) -> Self:
        self._idle = [self._start() for _ in range(self._count)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._alive:
            worker.process.kill()
        for worker in list(self._alive):
            self._bury(worker)

    def run(self, work: Work, options: RunOptions, wish: Wish) -> Tally:
        """Have it all asked; returns how far it came. The wish stops it in order.

        Raises:
            HarnessError: as a worker did; the others were stopped.
        """
        return _Shift(self, work, options, wish).run()

    def next_one(self) -> _Worker:
        """One that has nothing to do yet, started now if there is none."""
        return self._idle.pop(0) if self._idle else self._start()

    def ended(self, worker: _Worker) -> int:
        """A worker's pipe is at its end; returns its exit code, negative for a signal."""
        try:
            worker.process.wait(FAREWELL_S)
        except subprocess.TimeoutExpired:
            worker.process.kill()
        return self._bury(worker)

    def _start(self) -> _Worker:
        self._names += 1
        ours, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [*self._command, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        worker = _Worker(str(self._names), process, ours)
        self._alive.append(worker)
        return worker

    def _bury(self, worker: _Worker) -> int:
        self._alive.remove(worker)
        worker.pipe.close()
        return worker.process.wait()


class _Shift:
    """One plan, asked by workers."""

    def __init__(self, crew: Workers, work: Work, options: RunOptions, wish: Wish) -> None:
        self._crew, self._work, self._options, self._wish = crew, work, options, wish
        self._working: dict[Connection, _Worker] = {}
        self._past = Tally(work.planned)
        self._error: Exception | None = None
        self._limit: tuple[EndedBy, str] | None = None
        self._stopped = False
        self._most_failures = most_failures(options.max_failures, work.planned)
        self._acts: list[tuple[float, Callable[[], None]]] = []
        budget = Budget(options.budget_usd, options.spent_usd)
        self._lender = None if budget.limit is None else Lender(budget, len(work.shares), self._tell_one)

    def run(self) -> Tally:
        if (seconds := self._options.max_time_s) is not None:
            self._later(seconds, lambda: self._time_is_up(seconds))
        for share in self._work.shares:
            self._employ(share, Remains(Tally(0)))
        with _woken_by(self._wish) as woken:
            while self._working:
                heard = wait([*self._working, woken], self._until_next_act())
                if woken in heard:
                    woken.recv_bytes()
                    self._stop()
                for worker in [one for pipe, one in self._working.items() if pipe in heard]:
                    self._listen(worker)
                self._act()
        if self._error is not None:
            raise self._error
        tally = self._tally()
        if self._options.progress is not None:
            self._options.progress(tally)
        return tally

    def _employ(self, share: Share, so_far: Remains, deaths: int = 0) -> str:
        """Has a share asked; returns by whom."""
        worker = self._crew.next_one()
        worker.share, worker.so_far, worker.deaths = share, so_far, deaths
        self._working[worker.pipe] = worker
        worker.tell(self._work.job(worker.name, share, so_far))
        return worker.name

    def _listen(self, worker: _Worker) -> None:
        try:
            message: FromWorker = worker.pipe.recv()
        except (EOFError, OSError):
            self._died(worker)
            return
        if isinstance(message, Told):
            self._told(worker, message.tally)
        elif isinstance(message, Wants | Returns):
            assert self._lender is not None
            self._lender.heard(worker.name, message)
        elif isinstance(message, Ended):
            self._told(worker, message.tally)
            self._crew.found.update(message.found)
            self._leave(worker, message.tally)
            if message.error is not None:
                self._error = self._error or message.error
                self._stop()

    def _told(self, worker: _Worker, tally: Tally) -> None:
        worker.tally = tally
        total = self._tally()
        if self._options.progress is not None:
            self._options.progress(total)
        if self._most_failures is not None and total.failed >= self._most_failures:
            self._end("failures", f"{total.failed} of {total.planned} trials had no answer (--max-failures)")

    def _leave(self, worker: _Worker, past: Tally, at_most_usd: float | None = None) -> int:
        """A worker has ended; returns its exit code. What it came to is of the past now."""
        del self._working[worker.pipe]
        self._past = _sum(self._past, past)
        code = self._crew.ended(worker)
        if self._lender is not None:
            self._lender.closed(worker.name, at_most_usd)
        return code

    def _died(self, worker: _Worker) -> None:
        """A worker has ended without a word: what it has recorded is done, and the rest of its share is for another."""
        worker.process.wait()
        left = self._work.remains(worker.name, worker.share)
        told = worker.tally
        past = replace(left.tally, stopped=told.stopped, ended_by=told.ended_by, why=told.why)
        code = self._leave(worker, past, left.at_most_usd)
        to_ask = tuple(one for one in worker.share if one.name not in told.stopped)
        what = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended without a word (exit code {code})"
        note = f"worker {worker.name} {what} while it asked {', '.join(one.name for one in worker.share)}"
        if self._over or not to_ask:
            self._crew.notes.append(f"{note}; what it had in flight ({left.in_flight}) was possibly paid for")
            return
        if worker.deaths + 1 == MOST_DEATHS:
            why = f"the workers that asked it were killed {MOST_DEATHS} times"
            self._past = _sum(self._past, Tally(0, stopped={one.name: why for one in to_ask}))
            self._crew.notes.append(note)
            return
        before = worker.so_far
        so_far = replace(left, done=before.done | left.done, before={**before.before, **left.before})
        other = self._employ(to_ask, so_far, worker.deaths + 1)
        again = f"{left.in_flight} trials in flight were asked again (possibly paid for)"
        self._crew.notes.append(f"{note}: worker {other} went on; {again}")

    @property
    def _over(self) -> bool:
        return self._stopped or self._limit is not None

    def _tally(self) -> Tally:
        total = self._past
        for worker in self._working.values():
            total = _sum(total, worker.tally)
        return total if self._limit is None else replace(total, ended_by=self._limit[0], why=self._limit[1])

    def _tell_one(self, name: str, message: ToWorker) -> None:
        for worker in self._working.values():
            if worker.name == name:
                worker.tell(message)

    def _tell_all(self, message: ToWorker) -> None:
        for worker in self._working.values():
            worker.tell(message)

    def _end(self, limit: EndedBy, why: str) -> None:
        """A limit is reached. Where nothing was left to ask, it ends nothing."""
        total = self._tally()
        if not self._over and total.done < total.planned:
            self._limit = limit, why
            self._tell_all(WindDown(limit, why))

    def _time_is_up(self, seconds: float) -> None:
        self._end("time", f"it has taken the {seconds:g} s that it may (--max-time)")
        self._later(TIME_GRACE_S, self._stop)

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._tell_all(Stop())
            self._later(self._options.grace_s + FAREWELL_S, self._kill)

    def _kill(self) -> None:
        for worker in self._working.values():
            worker.process.kill()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._acts.append((time.monotonic() + seconds, act))

    def _until_next_act(self) -> float | None:
        return max(0.0, min(at for at, _ in self._acts) - time.monotonic()) if self._acts else None

    def _act(self) -> None:
        due = [one for one in self._acts if one[0] <= time.monotonic()]
        for one in due:
            self._acts.remove(one)
            one[1]()


@contextmanager
def _woken_by(wish: Wish) -> Iterator[Connection]:
    """A pipe in which something is to read once the wish is done."""
    told, tells = Pipe(duplex=False)

    def wake(_: Wish) -> None:
        with suppress(OSError):  # nobody waits any more
            tells.send_bytes(b"!")

    with told, tells:
        wish.add_done_callback(wake)
        yield told


def _sum(one: Tally, other: Tally) -> Tally:
    """Both together; `planned` is that of the first."""
    early = one if one.ended_by else other
    return Tally(
        planned=one.planned,
        done=one.done + other.done,
        failed=one.failed + other.failed,
        attempts=one.attempts + other.attempts,
        spend_usd=one.spend_usd + other.spend_usd,
        unpriced=one.unpriced + other.unpriced,
        stopped={**other.stopped, **one.stopped},
        ended_by=early.ended_by,
        why=early.why,
    )
