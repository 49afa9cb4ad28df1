"""A run that kills itself: at its n-th write to a journal, after so many bytes of it, or a moment after it has begun.

The process that forks these has loaded everything before, so that a leg takes a tenth of a second rather than five.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import pipeline, store  # noqa: F401 - loaded before the fork
from harness.cli import main
from harness.cli.commands import resume, run  # noqa: F401 - loaded before the fork
from harness.client.door import litellm
from harness.store import compaction, journal

litellm()


def die(*_: object) -> None:
    """As the kernel's out-of-memory killer does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_write(number: int, share: float) -> None:
    """Dies in the n-th write, when this share of its bytes is in the file."""
    write, written = journal.Journal._write, [0]

    def _write(self: journal.Journal, text: bytes) -> None:
        written[0] += 1
        if written[0] == number:
            os.write(self._handle, text[: int(share * len(text))])
            die()
        write(self, text)

    journal.Journal._write = _write  # type: ignore[method-assign]


def after(seconds: float) -> None:
    """Dies so long after its first write."""
    write = journal.Journal._write

    def _write(self: journal.Journal, text: bytes) -> None:
        journal.Journal._write = write  # type: ignore[method-assign]
        threading.Timer(seconds, die).start()
        write(self, text)

    journal.Journal._write = _write  # type: ignore[method-assign]


def in_compaction(step: str) -> None:
    """Dies before this step of making Parquet of the journals that the leg before left behind."""
    setattr(compaction, step, die)


def leg(folder: Path, words: list[str], how: tuple[Any, ...]) -> None:
    """One `harness WORDS` that ends as `how` says; an empty one is left alone. What it prints is in said.txt."""
    os.chdir(folder)
    sys.stdout = sys.stderr = (folder / "said.txt").open("w", encoding="utf-8")
    if how:
        name, *given = how
        ways: dict[str, Callable[..., None]] = {"at_write": at_write, "after": after, "in_compaction": in_compaction}
        ways[name](*given)
    code = main(words)
    sys.stdout.flush()
    os._exit(code)
