"""Files that are either the old one or the new one, never half of it; and the one place where the disk's errors become ours."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from harness.errors import StoreError

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EDQUOT: "your disk quota is used up: free some space and try again",
    errno.EFBIG: "the file may not grow further (a file-size limit, see `ulimit -f`): raise the limit and try again",
    errno.EROFS: "the file system is read-only: choose another folder with --reports",
    errno.EACCES: "permission denied: change the permissions, or choose another folder with --reports",
    errno.EPERM: "permission denied: change the permissions, or choose another folder with --reports",
    errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another folder with --reports",
}


@contextmanager
def on_disk(path: Path, failed: str, remedy: str = "") -> Iterator[None]:
    """As `guarded`, for what only the operating system can refuse: any other error is a fault of ours, and stays one."""
    try:
        yield
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0) or error.strerror or str(error)
        raise StoreError(_sentence(path, failed, reason, remedy)) from error


@contextmanager
def guarded(path: Path, failed: str, remedy: str = "") -> Iterator[None]:
    """Turns what the operating system or pyarrow raises within into a StoreError.

    It reads "{path} {failed}: {the reason and what to do}. {remedy}".
    """
    try:
        with on_disk(path, failed, remedy):
            yield
    except (pa.ArrowException, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(_sentence(path, failed, reason, remedy)) from error


def _sentence(path: Path, failed: str, reason: str, remedy: str) -> str:
    return f"{path} {failed}: {reason}" + (f". {remedy}" if remedy else "")


def write(path: Path, content: bytes) -> None:
    """Write a whole file so that a crash at any moment leaves the old one or the new one. Raises OSError."""
    spare = beside(path)
    try:
        spare.write_bytes(content)
        settle(spare, path)
    finally:
        spare.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """The name that a file is written under until it is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def settle(spare: Path, path: Path) -> None:
    """Make what was written to `spare` durable, then give it the name `path`, durably. Raises OSError."""
    _sync(spare)
    spare.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's list of names durable: a rename or a removal survives a power cut. Raises OSError."""
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
