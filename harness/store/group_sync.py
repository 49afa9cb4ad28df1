"""Group commit: a file that is written to is made durable a few times a second, by a thread beside the event loop."""

from __future__ import annotations

import os
import threading
from typing import Literal

Durability = Literal["process", "group", "record"]
"""What a record survives as soon as it is written: the death of the process; also a power cut, a quarter of a second later; also a power cut."""

EVERY_S = 0.2
"""The thread waits this long after the first write that is not yet durable, and then syncs: within 250 ms."""


class GroupSync:
    """Syncs the file behind `handle` until it is closed. What goes wrong in the thread is raised by the next `written` or by `close`."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._written = threading.Event()
        self._closing = threading.Event()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="journal sync", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """Something was written. Raises OSError if what was written before could not be made durable."""
        if self._error is not None:
            raise self._error
        if not self._written.is_set():
            self._written.set()

    def close(self) -> None:
        """Make everything durable and end. Raises OSError if it could not be."""
        self._closing.set()
        self._written.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        os.fsync(self._handle)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._written.wait()
            self._closing.wait(EVERY_S)
            self._written.clear()
            try:
                os.fsync(self._handle)
            except OSError as error:
                self._error = error
                return
