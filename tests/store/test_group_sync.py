"""What is written becomes durable by itself, within a quarter of a second; a disk that fails is told, not hidden."""

import errno
import os
import threading

import pytest

from harness.errors import StoreError
from harness.store import group_sync
from harness.store.group_sync import GroupSync
from harness.store.journal import Journal


@pytest.fixture
def synced(monkeypatch):
    """Set with each sync."""
    done, sync = threading.Event(), os.fsync

    def tell(handle):
        sync(handle)
        done.set()

    monkeypatch.setattr(os, "fsync", tell)
    return done


def test_a_record_becomes_durable_without_another_one(tmp_path, synced):
    with Journal(tmp_path / "j.jsonl", "group") as journal:
        synced.clear()
        journal.append("attempt_finished", b"{}")
        assert synced.wait(30)
    assert group_sync.EVERY_S < 0.25


def test_nothing_written_is_nothing_synced(tmp_path, synced, monkeypatch):
    monkeypatch.setattr(group_sync, "EVERY_S", 0.0)
    with Journal(tmp_path / "j.jsonl", "group"):
        synced.clear()
        assert not synced.wait(0.1)


def test_by_record_each_is_durable_when_it_is_written_and_by_process_none(tmp_path, synced):
    cases: list[tuple[group_sync.Durability, bool]] = [("record", True), ("process", False)]
    for durability, expected in cases:
        with Journal(tmp_path / durability, durability) as journal:
            synced.clear()
            journal.append("attempt_finished", b"{}")
            assert synced.is_set() is expected


def test_a_disk_that_fails_in_the_background_stops_the_run_at_the_next_record(tmp_path, monkeypatch):
    failed, sync = threading.Event(), os.fsync

    def fail(handle):
        if threading.current_thread().name != "journal sync":
            return sync(handle)
        failed.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(group_sync, "EVERY_S", 0.0)
    journal = Journal(tmp_path / "j.jsonl", "group")
    journal.append("attempt_finished", b"{}")
    assert failed.wait(30)
    assert journal._group
    journal._group._thread.join()
    with pytest.raises(StoreError, match=r"j\.jsonl cannot be written: Input/output error\. What was recorded so far"):
        journal.append("attempt_finished", b"{}")
    with pytest.raises(StoreError, match="Input/output error"):
        journal.close()


def test_closing_makes_durable_what_was_written_last(tmp_path, synced):
    with (tmp_path / "f").open("wb") as file:
        group = GroupSync(file.fileno())
        group.written()
        group.close()
    assert synced.is_set()
