"""The cache on disk: what it keeps and for how long, private and bounded, with others at work on it, killed or damaged."""

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.client.cache import Cache, Cleared, Entry, default_folder
from harness.errors import StoreError, WrongUse

NOON = 1_750_000_000.0


class Clock:
    """A clock that stands until it is set."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


def entry(key, at=NOON, model="openai/m-1", size=10):
    return Entry(key, datetime.fromtimestamp(at, UTC), "mine", model, f"What is {key}?", 14, size)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def notes():
    return []


@pytest.fixture
def cache(tmp_path, clock, notes):
    with Cache(tmp_path / "kept", 3600, now=clock, tell=notes.append) as made:
        yield made


def test_what_was_kept_is_found_until_it_is_too_old(cache, clock):
    cache.keep(entry("a"), "answer")
    assert cache.find("a") == (datetime.fromtimestamp(NOON, UTC), "answer")
    assert cache.find("b") is None
    clock.now += 3599.9
    assert cache.find("a") is not None
    clock.now += 0.1
    assert cache.find("a") is None
    assert cache.fresh(["a"]) == frozenset()
    cache.keep(entry("a", clock.now), "newer")
    assert cache.find("a") == (datetime.fromtimestamp(clock.now, UTC), "newer")
    assert len(cache.entries()) == 1


def test_an_entry_from_the_future_is_not_found(cache, clock):
    cache.keep(entry("a", NOON + 60), "answer")
    assert cache.find("a") is None
    clock.now += 61
    assert cache.find("a") is not None


def test_those_that_are_fresh(cache):
    cache.keep(entry("old", NOON - 3601), "x")
    cache.keep(entry("a"), "x")
    assert cache.fresh(["a", "b", "old"]) == {"a"}


def test_a_time_to_live_is_above_0(tmp_path):
    with pytest.raises(WrongUse, match="ttl_s is 0"):
        Cache(tmp_path, 0)


def test_nothing_is_made_before_there_is_something_to_keep(cache):
    assert (cache.entries(), cache.fresh(["a"]), cache.clear()) == ([], frozenset(), Cleared(0, 0))
    assert not cache.file.parent.exists()


def test_the_files_are_the_users_alone(cache):
    cache.file.parent.mkdir()
    cache.file.touch(0o644)
    cache.keep(entry("a"), "answer")
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in cache.file.parent.iterdir()}
    assert cache.file.name + "-wal" in modes
    assert set(modes.values()) == {0o600}


def test_the_folder_is_the_users_alone(cache):
    cache.keep(entry("a"), "answer")
    assert stat.S_IMODE(cache.file.parent.stat().st_mode) == 0o700


def test_the_oldest_make_room(tmp_path, notes):
    limit = 400_000
    with Cache(tmp_path, max_bytes=limit, now=lambda: NOON, tell=notes.append) as cache:
        for number in range(200):
            cache.keep(entry(f"k{number:03}", NOON - 1000 + number, size=5000), "x" * 5000)
        kept = [one.key for one in cache.entries()]
        cache.keep(entry("huge", size=limit + 1), "x" * (limit + 1))
        assert cache.find("huge") is None
    assert kept == [f"k{number:03}" for number in range(199, 199 - len(kept), -1)]
    assert 50 < len(kept) < 80
    assert cache.file.stat().st_size < 2 * limit
    assert notes == []


def test_clear_removes_everything_or_what_is_old_or_of_a_model(cache):
    cache.keep(entry("a", NOON - 100, size=7), "answer")
    cache.keep(entry("b", model="openai/m-2"), "answer")
    cache.keep(entry("c"), "answer")
    assert cache.clear(older_than_s=50, model="openai/m-2") == Cleared(0, 0)
    assert cache.clear(older_than_s=50) == Cleared(1, 7)
    assert cache.clear(model="openai/m-2") == Cleared(1, 10)
    assert cache.clear(model="mine") == Cleared(1, 10)
    assert cache.entries() == []
    assert "answer" not in cache.file.read_bytes().decode("latin-1")


def test_a_file_that_is_no_cache_is_told_once_and_done_without(cache, notes):
    cache.file.parent.mkdir()
    cache.file.write_bytes(b"this is not a database, and long enough to be looked at" * 20)
    assert cache.find("a") is None
    cache.keep(entry("a"), "answer")
    assert cache.fresh(["a"]) == frozenset()
    (note,) = notes
    assert note.startswith(f"going on without the cache: {cache.file} cannot be used: file is not a database")
    assert "`harness cache clear` removes it" in note
    with pytest.raises(StoreError, match="not a database"):
        cache.entries()
    with pytest.raises(StoreError, match="not a database"):
        cache.clear(model="m")
    assert cache.clear() == Cleared(None, 1100)
    assert not cache.file.exists()


def test_a_damaged_answer_is_never_given(cache, notes):
    cache.keep(entry("a"), "four apples")
    cache.close()
    raw = cache.file.read_bytes()
    assert raw.count(b"four apples") == 1
    cache.file.write_bytes(raw.replace(b"four apples", b"five apples"))
    assert cache.find("a") is None
    assert "an entry is not as it was written" in notes[0]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_that_was_cut_gives_right_answers_or_none(cache, notes, share):
    for number in range(50):
        cache.keep(entry(f"k{number}"), f"answer {number} " * 100)
    cache.close()
    os.truncate(cache.file, int(cache.file.stat().st_size * share))
    found = [cache.find(f"k{number}") for number in range(50)]
    assert all(one is None or one[1] == f"answer {number} " * 100 for number, one in enumerate(found))
    assert len(notes) == 1


def test_a_folder_that_cannot_be_made_is_told_and_done_without(tmp_path):
    (tmp_path / "file").touch()
    with Cache(tmp_path / "file") as cache:
        with pytest.warns(UserWarning, match="going on without the cache"):
            assert cache.find("a") is None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cache.keep(entry("a"), "answer")


def test_another_that_does_not_end_its_writing_is_not_waited_for_for_ever(cache, notes, monkeypatch):
    monkeypatch.setattr("harness.client.cache.BUSY_S", 0.05)
    cache.keep(entry("a"), "answer")
    cache.close()
    other = sqlite3.connect(cache.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="locked"):
            cache.clear()
        cache.keep(entry("b"), "answer")
        assert "locked" in notes[0]
        assert "clear" not in notes[0]
    finally:
        other.close()


def _keep_many(folder: Path, name: str) -> None:
    with Cache(folder, now=lambda: NOON, tell=_fail) as cache:
        for number in range(40):
            cache.keep(entry(f"{name}-{number}"), f"{name} {number}")
            assert cache.find(f"{name}-{number}") is not None


def _fail(note: str) -> None:
    raise AssertionError(note)


def test_several_processes_keep_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_keep_many, args=(tmp_path, f"p{number}")) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    with Cache(tmp_path, now=lambda: NOON) as cache:
        assert len(cache.entries()) == 160
        assert cache.find("p3-39") == (datetime.fromtimestamp(NOON, UTC), "p3 39")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_forked_child_opens_the_file_for_itself(cache):
    cache.keep(entry("a"), "answer")
    child = os.fork()
    if child == 0:
        found = cache.find("a")
        cache.keep(entry("b"), "child's")
        os._exit(0 if found else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert cache.find("b") is not None


WRITER = """
import sys
from datetime import UTC, datetime
from harness.client.cache import Cache, Entry
cache = Cache(sys.argv[1])
for number in range(1_000_000):
    about = Entry(f"k{number}", datetime.now(UTC), "mine", "m", "?", None, 5000)
    cache.keep(about, f"{number} " * 1000)
    print(number, flush=True)
"""


def test_what_a_killed_writer_had_kept_is_there(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for line in writer.stdout:
            if int(line) >= 100:
                break
        writer.send_signal(signal.SIGKILL)
    with Cache(tmp_path, tell=_fail) as cache:
        for number in range(101):
            found = cache.find(f"k{number}")
            assert found is not None
            assert found[1] == f"{number} " * 1000
        cache.keep(entry("after", 1.0), "more")
        assert cache.entries()[-1].key == "after"


def test_where_it_lies():
    home = Path.home()
    assert default_folder({"HARNESS_CACHE_DIR": "~/mine", "XDG_CACHE_HOME": "/xdg"}) == home / "mine"
    assert default_folder({"XDG_CACHE_HOME": "/xdg"}, "darwin") == Path("/xdg/llm-harness")
    assert default_folder({"XDG_CACHE_HOME": "relative"}, "linux") == home / ".cache/llm-harness"
    assert default_folder({}, "darwin") == home / "Library/Caches/llm-harness"
    assert default_folder({"LOCALAPPDATA": "/c/Local"}, "win32") == Path("/c/Local/llm-harness/cache")
