"""Replies kept on disk by what was asked (`call_key`): a question that was paid for is not paid for again.

One SQLite file in a folder of the user's own, as pip and Hugging Face have theirs: all projects share it, and none commits it. SQLite's
write-ahead log makes it safe for several processes at once and for one that is killed; each entry has a checksum besides, so that a
damaged one is never an answer. Where the file cannot be used, that is told once, and everything goes on without it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sqlite3
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from harness.errors import StoreError, WrongUse

FORMAT = 1
"""Counts up when an entry's meaning changes: entries of another format are in a file of their own, and not read."""
TTL_S = 7 * 24 * 3600.0
MOST_BYTES = 512 * 1024 * 1024
BUSY_S = 5.0
"""How long to wait for another process that is writing."""
_SLACK = 0.9  # what is left of the limit after an eviction, so that not every reply evicts one

_TABLE = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT NOT NULL PRIMARY KEY, asked_at REAL NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, question TEXT NOT NULL,
    tokens INTEGER, size INTEGER NOT NULL, content TEXT NOT NULL, digest TEXT NOT NULL)
"""
_ABOUT = "key, asked_at, provider, model, question, tokens, size"
_INDEX = "CREATE INDEX IF NOT EXISTS by_age ON replies (asked_at, key)"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a kept reply is about. `tokens` are prompt and completion together, None if unknown; `size` is in bytes."""

    key: str
    asked_at: datetime
    provider: str
    model: str
    question: str
    tokens: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was removed: how many replies (None: a damaged file, of which nobody can tell), of how many bytes."""

    entries: int | None
    size: int


T = TypeVar("T")
_PARENTS: list[sqlite3.Connection] = []
_UNUSABLE = (sqlite3.Error, OSError, ValueError, OverflowError)


def default_folder(env: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the cache lies: HARNESS_CACHE_DIR, otherwise `llm-harness` in the platform's place for caches (XDG_CACHE_HOME wins there)."""
    if env.get("HARNESS_CACHE_DIR"):
        return Path(env["HARNESS_CACHE_DIR"]).expanduser()
    xdg = env.get("XDG_CACHE_HOME", "")
    if xdg.startswith("/"):  # the specification: a relative one is to be ignored
        return Path(xdg) / "llm-harness"
    if platform == "win32":
        return Path(env.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "llm-harness" / "cache"
    return Path.home() / ("Library/Caches" if platform == "darwin" else ".cache") / "llm-harness"


def _warn(note: str) -> None:
    warnings.warn(note, stacklevel=2)


class Cache:
    """Replies by key, for `ttl_s` seconds, in at most about `max_bytes`: beyond it the oldest go.

    `folder` None is the user's own (`default_folder`). `now` gives seconds since 1970. `tell` gets the sentence that the file cannot be used,
    once; by default it warns. Several threads may use it; nothing is opened before it is needed. Raises WrongUse for a `ttl_s` not above 0.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        ttl_s: float = TTL_S,
        *,
        max_bytes: int = MOST_BYTES,
        now: Callable[[], float] = time.time,
        tell: Callable[[str], None] = _warn,
    ) -> None:
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None
        if not ttl_s > 0:
            raise WrongUse(f"a cache keeps replies for some time: ttl_s is {ttl_s:g}")
        self.file = Path(default_folder() if folder is None else folder) / f"replies-{FORMAT}.sqlite"
        self.ttl_s = ttl_s
        self.tell = tell
        self._max_bytes = max_bytes
        self._now = now
        self._off = False

    def __reduce__(self) -> tuple[Callable[[], Cache], tuple[()]]:
        """In another process: the same file, opened there."""
        return functools.partial(Cache, self.file.parent, self.ttl_s, max_bytes=self._max_bytes), ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; what is asked of the cache afterwards opens it again."""
        with self._lock:
            opened, self._opened = self._opened, None
            if opened is not None and opened[0] == os.getpid():
                opened[1].close()

    def __del__(self) -> None:
        self.close()

    def find(self, key: str) -> tuple[datetime, str] | None:
        """What is kept under the key and is not too old: when it was asked for, and its content; None if there is nothing."""
        return self._try(lambda file: self._find(file, key))

    def keep(self, entry: Entry, content: str) -> None:
        """Keeps the content under the entry's key, in place of what was there; the oldest make room for it."""
        if entry.size <= self._max_bytes:
            self._try(lambda file: self._keep(file, entry, content))

    def fresh(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of the keys under which something is kept that is not too old."""
        kept = self._try(self._fresh) if self.file.exists() else None
        return frozenset(kept or ()).intersection(keys)

    def entries(self) -> list[Entry]:
        """All that is kept, the newest first, also what is too old to be replayed. Raises StoreError."""
        try:
            if not self.file.exists():
                return []
            with self._connected() as file:
                rows = file.execute(f"SELECT {_ABOUT} FROM replies ORDER BY asked_at DESC, key").fetchall()  # noqa: S608 - a constant
            return [Entry(key, datetime.fromtimestamp(asked_at, UTC), *rest) for key, asked_at, *rest in rows]
        except _UNUSABLE as error:
            raise StoreError(self._unusable(error)) from error

    def clear(self, *, older_than_s: float | None = None, model: str | None = None) -> Cleared:
        """Removes what is older than that and of that model (or provider); with neither, everything: a damaged file too. Raises StoreError."""
        everything = older_than_s is None and model is None
        before = float("inf") if older_than_s is None else self._now() - older_than_s
        try:
            if not self.file.exists():
                return Cleared(0, 0)
            with self._connected() as file:
                return _clear(file, (before, model, model))
        except _UNUSABLE as error:
            if not (everything and _is_damage(error)):
                raise StoreError(self._unusable(error)) from error
        return self._remove()

    def _find(self, file: sqlite3.Connection, key: str) -> tuple[datetime, str] | None:
        row = file.execute("SELECT asked_at, content, digest FROM replies WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        asked_at, content, digest = row
        if digest != _digest(key, asked_at, content):
            raise sqlite3.DatabaseError("an entry is not as it was written")
        oldest, newest = self._span()
        return (datetime.fromtimestamp(asked_at, UTC), content) if oldest < asked_at <= newest else None

    def _keep(self, file: sqlite3.Connection, entry: Entry, content: str) -> None:
        asked_at = entry.asked_at.timestamp()
        about = (entry.key, asked_at, entry.provider, entry.model, entry.question, entry.tokens, entry.size)
        with _writing(file):
            row = (*about, content, _digest(entry.key, asked_at, content))
            file.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            if _used(file) > self._max_bytes:
                while _used(file) > _SLACK * self._max_bytes and _evict(file):
                    pass

    def _fresh(self, file: sqlite3.Connection) -> list[str]:
        rows = file.execute("SELECT key FROM replies WHERE asked_at > ? AND asked_at <= ?", self._span())
        return [key for (key,) in rows]

    def _span(self) -> tuple[float, float]:
        """What is fresh was asked for after the one and not after the other: an entry from the future has no age."""
        now = self._now()
        return now - self.ttl_s, now

    def _remove(self) -> Cleared:
        self.close()
        files = [self.file.with_name(self.file.name + end) for end in ("", "-wal", "-shm")]
        size = sum(one.stat().st_size for one in files if one.exists())
        for one in files:
            one.unlink(missing_ok=True)
        return Cleared(None, size)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time. One from before a fork is the parent's: SQLite forbids even to close it."""
        with self._lock:
            if self._opened is not None and self._opened[0] != os.getpid():
                _PARENTS.append(self._opened[1])
                self._opened = None
            if self._opened is None:
                self._opened = os.getpid(), _open(self.file)
            yield self._opened[1]

    def _try(self, action: Callable[[sqlite3.Connection], T]) -> T | None:
        """What goes wrong is told once; from then on there is no cache."""
        if self._off:
            return None
        try:
            with self._connected() as file:
                return action(file)
        except _UNUSABLE as error:
            self._off = True
            self.tell(f"going on without the cache: {self._unusable(error)}")
            return None

    def _unusable(self, error: Exception) -> str:
        hint = "; `harness cache clear` removes it" if _is_damage(error) else ""
        return f"{self.file} cannot be used: {error}{hint}"


def _is_damage(error: Exception) -> bool:
    """Whether the file itself is broken, rather than locked, full or out of reach."""
    return not isinstance(error, sqlite3.OperationalError | OSError)


def _digest(key: str, asked_at: float, content: str) -> str:
    return hashlib.sha256(f"{key} {asked_at} {content}".encode()).hexdigest()


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)  # replies are nobody else's to read; SQLite gives its log the same mode
    file = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _to_log(file)
        file.execute("PRAGMA synchronous = NORMAL")
        file.execute(_TABLE)
        file.execute(_INDEX)
    except BaseException:
        file.close()
        raise
    return file


def _to_log(file: sqlite3.Connection) -> None:
    """Has the file keep a write-ahead log. SQLite does not wait its turn for this, so that a second process that starts at once must ask again."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            file.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _writing(file: sqlite3.Connection) -> Iterator[None]:
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


def _used(file: sqlite3.Connection) -> int:
    """Bytes that are taken in the file; those of removed entries are free for new ones."""
    pages, free, size = (
        file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _evict(file: sqlite3.Connection) -> bool:
    """Removes the oldest tenth, never the newest one; whether there was anything to remove."""
    (count,) = file.execute("SELECT COUNT(*) FROM replies").fetchone()
    oldest = "SELECT key FROM replies ORDER BY asked_at, key LIMIT ?"
    some = min(max(1, count // 10), count - 1)
    return file.execute(f"DELETE FROM replies WHERE key IN ({oldest})", (some,)).rowcount > 0  # noqa: S608 - a constant


def _clear(file: sqlite3.Connection, chosen: tuple[float, str | None, str | None]) -> Cleared:
    which = "asked_at < ? AND (? IS NULL OR ? IN (model, provider))"
    with _writing(file):
        sizes = file.execute(f"SELECT size FROM replies WHERE {which}", chosen).fetchall()  # noqa: S608 - a constant
        file.execute(f"DELETE FROM replies WHERE {which}", chosen)  # noqa: S608 - a constant
    with suppress(sqlite3.OperationalError):  # somebody is reading: the space is used for new entries
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return Cleared(len(sizes), sum(size for (size,) in sizes))
