"""The lock of a run: one process writes it. The operating system lets go of it when that process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.errors import StoreError
from harness.store.durable import guarded

LOCK_FILE = ".lock"


class Lock:
    """Holds a folder, a run's or another, until it is closed; `until` ends the sentence "wait until …".

    Raises:
        StoreError: another process holds it; the message says which. Or the folder cannot be written.
    """

    def __init__(self, folder: Path, until: str = "that run has ended") -> None:
        path = folder / LOCK_FILE
        with guarded(folder, "cannot be written"):
            self.handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self.handle, 200).decode("utf-8", "replace").strip()
            os.close(self.handle)
            raise StoreError(
                f"{folder} is being written by another process ({holder or 'unknown'}): wait until {until}"
            ) from error
        with guarded(path, "cannot be written"):
            os.ftruncate(self.handle, 0)
            os.write(
                self.handle,
                f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode(),
            )

    def close(self) -> None:
        """Let go of it. The file stays: removing it could take it from under the next holder."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_held(folder: Path) -> bool:
    """Whether a process writes the run in this folder. Nothing is changed."""
    try:
        handle = os.open(folder / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
