"""Of several processes that run tests, one asks, and the others read what it was told."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

from harness.errors import HarnessError


def once(folder: Path, ask: Callable[[], Path]) -> Path:
    """Of several processes one asks, and the others wait for it; returns the run's folder.

    Raises:
        HarnessError: what the one that asked said.
    """
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, failed = folder / "run", folder / "failed"
        if failed.exists():
            raise HarnessError(failed.read_text(encoding="utf-8"))
        if not done.exists():
            try:
                done.write_text(str(ask()), encoding="utf-8")
            except HarnessError as error:
                failed.write_text(str(error), encoding="utf-8")
                raise
        return Path(done.read_text(encoding="utf-8"))
