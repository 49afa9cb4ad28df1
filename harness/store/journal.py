"""The journal: append-only files that a run is written to while it goes on, so that killing it loses nothing.

A line is `{"crc":"0a1b2c3d","seq":7,"kind":"attempt_finished","of":6,"row":{…}}` and a line end, written by one `os.write`. The CRC-32 is
over all that stands behind it in the line, so any changed byte is noticed; the sequence number counts from `first` without gaps, so a missing
line is. `of` is the number of the line that said that the attempt was started; 0 where none did.
"""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from harness.errors import StoreError
from harness.store import durable
from harness.store.durable import guarded
from harness.store.group_sync import Durability, GroupSync

STARTED = "attempt_started"
"""The kind of a line written before an attempt's request goes out."""

FINISHED = "attempt_finished"
"""The kind of a line that holds a row of calls.parquet."""

_PREFIX, _CRC_END = b'{"crc":"', 16
_HEAD = re.compile(rb'"seq":([1-9][0-9]*),"kind":"([a-z_]+)","of":(0|[1-9][0-9]*),"row":')
_BLOCK_BYTES = 1 << 20
_BUSY = "is being written by another process: wait until that run has ended"


class Line(NamedTuple):
    """One record: its place in the order of writing, what it is, its row as encoded JSON, and the line it answers (0: none)."""

    seq: int
    kind: str
    row: bytes
    of: int = 0


def frame(line: Line) -> bytes:
    """The record as its line in the file, line end included."""
    body = b'"seq":%d,"kind":"%b","of":%d,"row":%b}' % (line.seq, line.kind.encode(), line.of, line.row)
    return b'%b%08x",%b\n' % (_PREFIX, zlib.crc32(body), body)


def parse(text: bytes) -> Line | None:
    """The record of a line without its line end; None if it is not exactly as `frame` wrote it."""
    body = text[_CRC_END + 2 :]
    if text[: _CRC_END + 2] != b'%b%08x",' % (_PREFIX, zlib.crc32(body)):
        return None
    head = _HEAD.match(body)
    if head is None or not body.endswith(b"}"):
        return None
    return Line(int(head[1]), head[2].decode(), body[head.end() : -1], int(head[3]))


class Journal:
    """A new file of one writer: nobody else can hold it until it is closed or its process has ended.

    Raises:
        StoreError: the file is there already, or cannot be written.
    """

    def __init__(self, path: Path, durability: Durability = "group", *, first: int = 1) -> None:
        self.path = path
        self._seq = first - 1
        self.size = 0
        with guarded(path, "cannot be written"):
            self._handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if durability != "process":
                durable.sync_folder(path.parent)
        self._each = durability == "record"
        self._group = GroupSync(self._handle) if durability == "group" else None

    @property
    def next_seq(self) -> int:
        """The number that the next line will have."""
        return self._seq + 1

    def append(self, kind: str, row: bytes, of: int = 0) -> int:
        """Write one record and return its number; when this returns it survives the death of this process.

        Raises:
            StoreError: the disk is full or broken. What was written before stays; no half line is left behind.
        """
        text = frame(Line(self._seq + 1, kind, row, of))
        try:
            self._put(text)
        except OSError:  # a guard around each line would take as long as writing it
            with guarded(self.path, "cannot be written", "What was recorded so far is in it"):
                raise
        return self._seq

    def _put(self, text: bytes) -> None:
        try:
            self._write(text)
        except OSError:
            os.ftruncate(self._handle, self.size)
            raise
        self._seq += 1
        self.size += len(text)
        if self._group is not None:
            self._group.written()
        elif self._each:
            os.fsync(self._handle)

    def _write(self, text: bytes) -> None:
        while text:  # a write falls short only where the disk is all but full; the next then says why
            text = text[os.write(self._handle, text) :]

    def close(self) -> None:
        """Let go of the file, durably unless the durability is "process"; the file stays.

        Raises:
            StoreError: the disk is broken.
        """
        if self._handle < 0:
            return
        handle, self._handle = self._handle, -1
        with guarded(self.path, "cannot be written", "What was recorded so far is in it"):
            try:
                if self._group is not None:
                    self._group.close()
            finally:
                os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_unheld(path: Path) -> None:
    """See that no process writes this journal any more.

    Raises:
        StoreError: one does, or the file cannot be read.
    """
    with guarded(path, "cannot be read"), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{path} {_BUSY}") from error


class Reading:
    """Reads a journal from its start, a line at a time; what cannot be trusted is left out and counted.

    After the iteration `damaged` says in how many places records are broken or missing, and `torn` whether the last line was cut off, as
    it is when the writer was killed within a write. Records that were cut off with their line ends leave no trace in any file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        self._good = self._bad = self._last = 0
        self._first = 1

    @property
    def damaged(self) -> int:
        """In how many places: lines that are not as they were written, or gaps in the numbering where those are more."""
        return max(self._bad, self._last - self._first + 1 - self._good)

    def __iter__(self) -> Iterator[Line]:
        """Raises StoreError if the file cannot be read."""
        self._first = first_seq(self.path)
        self._last = self._first - 1
        for text in self._texts():
            line = parse(text)
            if line is None:
                self._bad += 1
                continue
            self._good += 1
            self._last = max(self._last, line.seq)
            yield line

    def _texts(self) -> Iterator[bytes]:
        """The lines without their ends; a last one without an end is torn."""
        rest = b""
        with guarded(self.path, "cannot be read"), self.path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                *whole, rest = (rest + block).split(b"\n")
                yield from whole
        self.torn = bool(rest)


def first_seq(path: Path) -> int:
    """The number of the first line that a journal was begun with, which its name says: `….from-000000001.jsonl`."""
    match = re.search(r"\.from-(\d+)\.jsonl$", path.name)
    return int(match[1]) if match else 1
