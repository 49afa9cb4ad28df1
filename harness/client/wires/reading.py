"""How a stream is read: its bytes are split into events, and the wire makes a reply of them, one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from harness.client.wires.contract import Chunk, Decoded, Event
from harness.client.wires.draft import Draft
from harness.client.wires.sse import Events, begins
from harness.told import Failure

ENOUGH = 16
"""After so many bytes the form is known, unless it takes a whole line to know it."""


class Splitter(Protocol):
    """Splits bytes into events."""

    def feed(self, at: float, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        ...

    def close(self, at: float) -> list[Event]:
        """What was not ended, and came until then."""
        ...


class Reading(ABC):
    """One stream being read. A wire says how it is split and what its events mean."""

    def __init__(self) -> None:
        self.draft = Draft()
        self.over = False
        self._fault: Failure | None = None
        self._splitter: Splitter | None = None
        self._is_body = False
        self._held: list[Chunk] = []
        self._start = bytearray()
        self._at = 0.0

    def form(self, start: bytes, *, ended: bool) -> Splitter | bool:
        """What splits a stream that starts so; False: it is a body; True: more must come to tell, which is no answer once it has ended."""
        found = begins(start, ended=ended)
        return Events() if found else found is None

    @abstractmethod
    def take(self, event: Event) -> Failure | None:
        """Adds an event to the draft; the failure that it tells, if it tells one. Sets `over` where nothing of what follows counts."""

    @abstractmethod
    def end(self) -> Failure | None:
        """Nothing more comes; why that is no end, if it is none."""

    @abstractmethod
    def read_body(self, chunks: list[Chunk]) -> Decoded:
        """The reply of a server that ignored `stream`."""

    def feed(self, at: float, data: bytes) -> None:
        """Bytes that arrived then."""
        if self.over:
            return
        if self._splitter is not None:
            self._at = at
            self._take_all(self._splitter.feed(at, data))
            return
        self._held.append((at, data))
        if not self._is_body:
            few = len(self._start) < ENOUGH
            self._start += data
            if few or b"\n" in data:
                self._tell(ended=False)

    def done(self) -> Decoded:
        """The reply, now that nothing more comes."""
        if self._splitter is None and not self._is_body:
            self._tell(ended=True)
        if self._splitter is None:
            return self.read_body(self._held)
        if not self.over:
            self._take_all(self._splitter.close(self._at))
        return self.draft.done(self._fault or self.end())

    def _tell(self, *, ended: bool) -> None:
        form = self.form(bytes(self._start), ended=ended)
        if form is False:
            self._is_body = True
        elif form is not True:
            self._splitter = form
            held, self._held = self._held, []
            for at, data in held:
                self.feed(at, data)

    def _take_all(self, events: list[Event]) -> None:
        for event in events:
            self._fault = self.take(event)
            if self._fault is not None:
                self.over = True
            if self.over:
                return
