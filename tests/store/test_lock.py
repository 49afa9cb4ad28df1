"""One process writes a run; a second one is told who does; the lock of a dead one is no lock."""

import os
import signal
import subprocess
import sys

import pytest

from harness.errors import StoreError
from harness.store.lock import Lock

HOLD = """
import sys
from pathlib import Path
from harness.store.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_is_refused_and_told_who_holds_it(tmp_path):
    with Lock(tmp_path) as lock:
        with pytest.raises(
            StoreError, match=rf"{tmp_path} is being written by another process \(process {os.getpid()} on"
        ):
            Lock(tmp_path)
        lock.close()
    Lock(tmp_path).close()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"process {child.pid} on"):
            Lock(tmp_path)
        child.send_signal(signal.SIGKILL)
        child.wait()
        Lock(tmp_path).close()


def test_a_folder_that_is_not_there_says_so(tmp_path):
    with pytest.raises(StoreError, match="none cannot be written: there is no such file or folder"):
        Lock(tmp_path / "none")
