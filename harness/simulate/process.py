"""The fleet as a process of its own, so that it takes no time from the loop that measures it."""

from __future__ import annotations

import contextlib
import selectors
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from harness.errors import HarnessError, WrongUse
from harness.simulate.profiles import SHIPPED, load_fleet
from harness.simulate.wires import WIRES

COMES_UP_WITHIN_S = 30.0
STOPS_WITHIN_S = 5.0


class FleetProcess:
    """Context manager: starts `python -m harness.simulate`, knows where it listens, stops it.

    The child ends with its parent, however that ends: it watches a pipe that the parent holds. It runs in a session of
    its own, so that Ctrl-C reaches the parent only. When the `with` block is left, the truth log is complete.
    """

    def __init__(self, keys: Path, log: Path | None = None, *, seed: int = 0, fleet: Path = SHIPPED) -> None:
        self._profiles = load_fleet(fleet).profiles
        files = [f"--keys={keys}", f"--fleet={fleet}", *([f"--log={log}"] if log else [])]
        self._command = [
            sys.executable,
            "-m",
            "harness.simulate",
            *files,
            f"--seed={seed}",
            "--port=0",
            "--with-parent",
        ]
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._address = ""

    def __enter__(self) -> Self:
        """Raises HarnessError, with what the child said, if the fleet does not come up."""
        self._stderr = tempfile.TemporaryFile()  # not a pipe: nobody reads it, and it could fill up
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(  # noqa: S603 - our own module, no shell
            self._command, stdin=pipe, stdout=pipe, stderr=self._stderr, start_new_session=True
        )
        try:
            self._address = self._first_line()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def base_url(self, profile: str, kind: str) -> str:
        """What to give as base URL to a client of this kind ("openai", "anthropic"); raises WrongUse for an unknown name."""
        if profile not in self._profiles:
            raise WrongUse(f"no simulated provider is called {profile!r}; there are {', '.join(self._profiles)}")
        if kind not in WIRES:
            raise WrongUse(f"the simulated fleet does not speak to {kind!r} clients; it does to {', '.join(WIRES)}")
        return self._address + WIRES[kind].BASE.format(profile=profile)

    def stop(self) -> None:
        """Ends the child: asks first, then insists. Does nothing if it is not running."""
        child, self._child = self._child, None
        if child is not None:
            child.terminate()
            try:
                child.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _first_line(self) -> str:
        assert self._child is not None
        assert self._child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            line = self._child.stdout.readline() if selector.select(COMES_UP_WITHIN_S) else b""
        if not line:
            raise HarnessError(f"the simulated fleet did not come up: {self._complaint()}")
        return line.decode().strip()

    def _complaint(self) -> str:
        assert self._child is not None
        assert self._stderr is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(STOPS_WITHIN_S)  # its pipe is closed, so it is about to end and may still be writing why
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace").strip()
        return said or f"it said nothing within {COMES_UP_WITHIN_S:g} s"
