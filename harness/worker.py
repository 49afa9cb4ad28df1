"""A worker: `python -m harness.worker [litellm] HANDLE` asks what the run's process at the other end of the pipe tells it to, and ends with it.

It loads what it needs (litellm where it is named) before it is told, so that this takes no time from the run. Ctrl-C is not for it: it is told when to stop.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing.connection import Connection

from harness import client, engine, pipeline, store
from harness.asking import ask
from harness.client.door import litellm
from harness.crew import PRELOAD, Job, basis
from harness.errors import HarnessError, NothingSelected, StoreError, WrongUse
from harness.told import EndedBy, Tally

ORPHANED = 1
"""How a worker ends whose run has ended without it."""


class Line:
    """A worker's end of the pipe. A thread reads, so that a stop, or the end of the run's process, is heard also while much is loaded."""

    def __init__(self, pipe: Connection) -> None:
        self.job: Future[Job] = Future()
        self._pipe = pipe
        self._hear: Callable[[engine.ToWorker], None] | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._read, name="line", daemon=True).start()

    def tell(self, message: engine.FromWorker) -> None:
        """Say something to the run's process; there is no run any more if it cannot be said."""
        try:
            self._pipe.send(message)
        except OSError:
            os._exit(ORPHANED)

    def on_loop(self, hear: Callable[[engine.ToWorker], None]) -> None:
        """From now on what is heard is given to `hear`, on the running loop."""
        loop = asyncio.get_running_loop()

        def deliver(message: engine.ToWorker) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(hear, message)

        with self._lock:
            self._hear = deliver

    def _read(self) -> None:
        try:
            self.job.set_result(self._pipe.recv())
            while True:
                message: engine.ToWorker = self._pipe.recv()
                with self._lock:
                    if self._hear is not None:
                        self._hear(message)
                    elif isinstance(message, engine.Stop):  # nothing was asked yet
                        self.tell(engine.Ended(Tally(0)))
                        os._exit(0)
        except (EOFError, OSError):
            os._exit(ORPHANED)


async def serve(job: Job, line: Line) -> engine.Ended:
    """Ask what the job says, and write it down in a journal of this worker's own.

    Raises:
        HarnessError: what stands in the job is not there any more, or the run cannot be written.
    """
    prepared = pipeline.prepare(job.places, replace(job.selection, only=job.names), job.terms)
    _check(job, prepared)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    ended: asyncio.Future[tuple[EndedBy, str]] = loop.create_future()
    lease = None if job.terms.budget_usd is None else engine.Lease(line.tell)

    def hear(message: engine.ToWorker) -> None:
        if isinstance(message, engine.Stop):
            stop.set()
        elif isinstance(message, engine.WindDown):
            if not ended.done():
                ended.set_result((message.limit, message.why))
        elif lease is not None:
            lease.heard(message)

    line.on_loop(hear)
    options = replace(
        job.terms.run_options,
        lease=lease,
        max_failures=None,
        max_time_s=None,
        ended=ended,
        anchor=job.anchor,
        progress=lambda tally: line.tell(engine.Told(tally)),
        stop=stop,
    )
    placed = (replace(one, base_url=job.addresses.get(one.name, one.base_url)) for one in prepared.plan.providers)
    plan = replace(
        prepared.plan,
        providers=tuple(map(job.terms.limited, placed)),
        done=job.done,
        warm_up=job.warm_up,
    )
    writing = store.WriteOptions(durability=job.terms.durability, before=job.before)
    with store.Writer(job.folder, job.info, worker=job.worker, options=writing) as journal:
        asked = await ask(plan, prepared.facts, journal, job.terms, options)
    if lease is not None:
        lease.give_back()
    return engine.Ended(asked.tally, asked.searches)


def _check(job: Job, prepared: pipeline.Prepared) -> None:
    """Raises WrongUse if what is to be asked is not what was planned."""
    found = basis(prepared.registry.hash, {one.name: one.hash for one in prepared.plan.suites})
    other = [name for name, address in job.basis.items() if found.get(name) != address]
    if other:
        raise WrongUse(
            f"{', '.join(other)} read otherwise in a worker than when the run began: it was edited meanwhile, "
            "or a Python suite draws its cases anew each time (seed it, or run with --workers 1)"
        )


def _plain(error: HarnessError) -> HarnessError:
    """The error without its parts, some of which do not fit through a pipe."""
    for kind in (StoreError, NothingSelected, WrongUse):
        if isinstance(error, kind):
            return kind(str(error))
    return HarnessError(str(error))


def main(handle: int, *, preload: bool) -> None:
    """Do the one job, and say how it ended."""
    line = Line(Connection(handle))
    if preload:
        litellm()
    try:
        last = client.wait(serve(line.job.result(), line))
    except HarnessError as error:
        last = engine.Ended(Tally(0), error=_plain(error))
    except Exception as error:  # noqa: BLE001 - a bug in a worker is one of the run
        traceback.print_exc()
        last = engine.Ended(Tally(0), error=RuntimeError(f"{type(error).__name__} in a worker: {error}"))
    line.tell(last)


if __name__ == "__main__":
    main(int(sys.argv[-1]), preload=PRELOAD in sys.argv)
