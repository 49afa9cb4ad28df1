"""The truth log: one JSON line for each answered request, in the form of `harness.told.Truth`."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import orjson

from harness.errors import HarnessError
from harness.told import Truth


class TruthLog:
    """Collects truths while requests are served and writes them to `path` (None: nowhere) at least every half second.

    What the file held before is gone. Raises HarnessError if the file cannot be opened or written.
    """

    EVERY_S = 0.5

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._pending: list[Truth] = []
        self._lock = threading.Lock()
        try:
            self._file = path.open("wb", buffering=0) if path else None
        except OSError as error:
            raise self._broken(error) from error

    def add(self, truth: Truth) -> None:
        """Takes down one truth; nothing is written yet."""
        self._pending.append(truth)

    async def keep(self) -> None:
        """Writes what was collected, again and again, beside the event loop; runs until cancelled."""
        while True:
            await asyncio.sleep(self.EVERY_S)
            if self._pending:
                await asyncio.to_thread(self.flush)

    def flush(self) -> None:
        """Writes what was collected."""
        with self._lock:
            ready, self._pending = self._pending, []
            if self._file and ready:
                try:
                    self._file.write(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in ready))
                except OSError as error:
                    raise self._broken(error) from error

    def close(self) -> None:
        """Writes what was collected and closes the file."""
        try:
            self.flush()
        finally:
            if self._file:
                self._file.close()

    def _broken(self, error: OSError) -> HarnessError:
        return HarnessError(f"{self._path}: the truth log cannot be written: {error.strerror}")
