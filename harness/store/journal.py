"""The journal: an append-only file that a run is written to while it goes on, so that killing it loses nothing.

A line is `{"crc":"0a1b2c3d","seq":7,"kind":"attempt_finished","row":{…}}` and a line end, written by one `os.write`. The CRC-32 is over
all that stands behind it in the line, so any changed byte is noticed; the sequence number counts from 1 without gaps, so a missing line is.
"""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.errors import StoreError
from harness.store.durable import guarded

FINISHED = "attempt_finished"
"""The kind of a line that holds a row of calls.parquet."""

_PREFIX, _CRC_END = b'{"crc":"', 16
_BODY = re.compile(rb'"seq":([1-9][0-9]*),"kind":"([a-z_]+)","row":(.*)\}', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One record: its place in the order of writing, what it is, and its row as encoded JSON."""

    seq: int
    kind: str
    row: bytes


def frame(line: Line) -> bytes:
    """The record as its line in the file, line end included."""
    body = b'"seq":%d,"kind":"%b","row":%b}' % (line.seq, line.kind.encode(), line.row)
    return b'%b%08x",%b\n' % (_PREFIX, zlib.crc32(body), body)


def parse(text: bytes) -> Line | None:
    """The record of a line without its line end; None if it is not exactly as `frame` wrote it."""
    body = text[_CRC_END + 2 :]
    if text[: _CRC_END + 2] != b'%b%08x",' % (_PREFIX, zlib.crc32(body)):
        return None
    match = _BODY.fullmatch(body)
    return Line(int(match[1]), match[2].decode(), match[3]) if match else None


class Journal:
    """An existing journal, held by one writer: nobody else can hold it until it is closed or its process has ended.

    Raises:
        StoreError: the file cannot be written, or another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with guarded(path, "cannot be written"):
            self._handle = os.open(path, os.O_RDWR | os.O_APPEND)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise StoreError(f"{path} is being written by another process: wait until that run has ended") from error
        self._seq = 0
        self._size = os.fstat(self._handle).st_size

    def append(self, kind: str, row: bytes) -> None:
        """Write one record; when this returns it survives the death of this process.

        Raises:
            StoreError: the disk is full or broken. What was written before stays; no half line is left behind.
        """
        text = frame(Line(self._seq + 1, kind, row))
        with guarded(self.path, "cannot be written", "What was recorded so far is in it"):
            try:
                self._write(text)
            except OSError:
                os.ftruncate(self._handle, self._size)
                raise
        self._seq += 1
        self._size += len(text)

    def _write(self, text: bytes) -> None:
        while text:  # a write falls short only where the disk is all but full; the next then says why
            text = text[os.write(self._handle, text) :]

    def close(self) -> None:
        """Let go of the file; the file stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Reading:
    """Reads a journal from its start, a line at a time; what cannot be trusted is left out and counted.

    After the iteration `damaged` says in how many places records are broken or missing, and `torn` whether the last line was cut off, as
    it is when the writer was killed within a write. Records that were cut off with their line ends leave no trace in any file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        self._good = self._bad = self._last = 0

    @property
    def damaged(self) -> int:
        """In how many places: lines that are not as they were written, or gaps in the numbering where those are more."""
        return max(self._bad, self._last - self._good)

    def __iter__(self) -> Iterator[Line]:
        """Raises StoreError if the file cannot be read."""
        with guarded(self.path, "cannot be read"), self.path.open("rb") as file:
            for text in file:
                if not text.endswith(b"\n"):
                    self.torn = True
                    return
                line = parse(text[:-1])
                if line is None:
                    self._bad += 1
                    continue
                self._good += 1
                self._last = max(self._last, line.seq)
                yield line
