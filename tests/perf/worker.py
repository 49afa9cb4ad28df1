"""A client in a process of its own, asked for one job after the other: `python -m tests.perf.worker NAME`.

What a client loads once it loads before its first job. While it is not asked for one it takes no time from the others.
"""

import importlib
import json
import subprocess
import sys
from dataclasses import asdict, replace
from types import TracebackType
from typing import Self

from harness.client.sync import wait
from tests.perf.work import Done, Job

OURS, TWO = "ours", "ours, 2 workers"
NAMES = (OURS, TWO, "aiohttp", "openai", "litellm")


class JobFailed(Exception):
    """A client did not do its job; the message is the end of what it said."""


class Worker:
    """The parent's side of it: a context manager."""

    def __init__(self, name: str, python: str = sys.executable) -> None:
        self._name, self._python = name, python

    def __enter__(self) -> Self:
        """Starts the process."""
        self._process = subprocess.Popen(
            [self._python, "-m", "tests.perf.worker", self._name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, job: Job) -> Done:
        """Have the job done.

        Raises:
            JobFailed: the client broke.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise JobFailed(f"{self._name} ended in the middle of {job}; what it said stands above")
        return Done(**json.loads(line))


def _do(name: str, job: Job) -> Done:
    """One job by the client of this name, on the event loop that ours uses."""
    if name in (OURS, TWO):
        from tests.perf import ours  # noqa: PLC0415 - a peer does not pay for the memory of ours

        return ours.do(job if name == OURS else replace(job, workers=2))
    from tests.perf.peers import PEERS  # noqa: PLC0415 - nor ours for theirs

    return wait(PEERS[name]().do(job))


def main(name: str) -> None:
    """Jobs come in as lines of JSON, and what they came to goes out."""
    importlib.import_module("tests.perf.ours" if name in (OURS, TWO) else "tests.perf.peers")
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        done = _do(name, Job(**json.loads(line)))
        out.write(json.dumps(asdict(done)) + "\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
