"""Starts `confined` for one reply, waits for its verdict, and ends everything that it started."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("confined.py")
MEMORY_MB = 512
"""Address space of the confined process, of which the interpreter itself needs about 20."""
LINGER_S = 1.0
"""How long we wait for the last words of a process that we killed."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is run in one module: `setup`, the reply's code, which must define `entry_point` (if any), and the tests."""

    reply: str
    tests: str
    entry_point: str = ""
    setup: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a reply fared with its tests: why it failed (None: it passed), and what confined it while it ran.

    `isolation` is None where it never ran: the system was too slow or too full to start it, which is not its fault.
    """

    failure: str | None
    isolation: str | None


def run_confined(job: Job, timeout_s: float) -> Verdict:
    """Runs Python code and its tests in a confined process of its own, in an empty temporary folder, without our environment.

    Whatever the code does, this returns within about `timeout_s` seconds and leaves no process and no file.

    Raises:
        OSError: the system starts no process or makes no folder.
    """
    nonce = secrets.token_hex(16)
    known = [one.replace("\0", "") for one in (job.entry_point, job.setup, job.tests)]
    fields = (nonce, f"{timeout_s}", f"{MEMORY_MB}", *known, job.reply)
    with tempfile.TemporaryDirectory(prefix="reply-", ignore_cleanup_errors=True) as folder:
        child = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-I", "-S", "-B", str(PROGRAM)],
            cwd=folder,
            env={"TMPDIR": folder, "HOME": folder, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            told, _ = child.communicate("\0".join(fields).encode(errors="replace"), timeout=timeout_s)
            late = False
        except subprocess.TimeoutExpired:
            _end(child)
            told, late = _rest(child), True
        finally:
            _end(child)
    isolation, _, verdict = told.decode(errors="replace").partition("\n")
    if late:
        return Verdict(f"it was still running after {timeout_s:g} s", isolation or None)
    if not verdict.startswith(nonce):
        return Verdict(f"it ended before its tests did ({_ending(child.returncode)})", isolation or None)
    return Verdict(verdict.removeprefix(nonce) or None, isolation)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kills the process and its whole group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _rest(child: subprocess.Popen[bytes]) -> bytes:
    """What a killed process had told; nothing if a process that fled its group still holds the pipe."""
    try:
        return child.communicate(timeout=LINGER_S)[0]
    except subprocess.TimeoutExpired:
        return b""


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
