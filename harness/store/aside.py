"""Compaction beside a run that goes on: `python -m harness.store.aside FOLDER` makes Parquet of its full journals, in a process of its own.

The run's process holds the lock and lends it to this one, so that nobody else touches the run until both have ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

from harness.errors import StoreError
from harness.store.compaction import clear, compact, left_journals, writer_of
from harness.store.lock import Lock
from harness.store.manifest import Manifest

LOOKS_EVERY_S = 2.0


class Aside:
    """Looks for full journals of a run until it is closed, and starts the process that makes Parquet of them."""

    def __init__(self, folder: Path, lock: Lock) -> None:
        self._folder, self._lock = folder, lock
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="compaction", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait until nothing goes on any more. What could not be compacted is still in its journals."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(LOOKS_EVERY_S):
            if any((self._folder / "journal").glob("*.jsonl")) and full_journals(
                self._folder, Manifest.load(self._folder)
            ):
                done = subprocess.run(  # noqa: S603 - our own module, no shell
                    [sys.executable, "-m", "harness.store.aside", str(self._folder)],
                    check=False, pass_fds=(self._lock.handle,), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                if done.returncode:
                    return  # the disk is full or broken: the end of the run tries again, and says why


def full_journals(folder: Path, manifest: Manifest) -> list[Path]:
    """The journals that their writers have followed by another."""
    left = left_journals(folder, manifest)
    return [path for path, then in pairwise(left) if writer_of(path.name) == writer_of(then.name)]


def main(folder: Path) -> int:
    """Make a part of the full journals; returns the exit code."""
    os.nice(10)  # the run is what is measured
    try:
        manifest = Manifest.load(folder)
        if full := full_journals(folder, manifest):
            manifest = compact(folder, manifest, full)
            manifest.save(folder)
            clear(folder, manifest)
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
