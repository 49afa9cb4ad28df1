"""Whatever happens to a journal, what is read from it is what was written, and what is missing is said."""

import errno
import json
import os
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import StoreError
from harness.store import journal
from harness.store.journal import Journal, Line, Reading, check_unheld, frame, parse

ROWS = [b'{"n":1,"text":"one"}', b'{"n":2,"text":"two","deep":{"a":[1,2]}}', b'{"n":3}', b'{"n":4,"text":"\xc3\xa9"}']
LINES = [Line(seq, "attempt_finished", row) for seq, row in enumerate(ROWS, 1)]
WHOLE = b"".join(frame(line) for line in LINES)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def reading_of(content, path):
    path.write_bytes(content)
    reading = Reading(path)
    return list(reading), reading


def test_what_is_appended_is_in_the_file_at_once(path):
    with Journal(path) as held:
        for row in ROWS:
            held.append("attempt_finished", row)
        assert path.read_bytes() == WHOLE
    reading = Reading(path)
    assert list(reading) == LINES
    assert (reading.damaged, reading.torn) == (0, False)


def test_a_line_is_json_that_other_tools_read():
    text = frame(Line(7, "attempt_started", b'{"trial_id":"t"}', of=3))
    assert text.endswith(b"\n")
    crc = f"{zlib.crc32(text[text.index(b',') + 1 : -1]):08x}"
    assert json.loads(text) == {"crc": crc, "seq": 7, "kind": "attempt_started", "of": 3, "row": {"trial_id": "t"}}


def test_an_empty_journal_has_no_lines(path):
    path.touch()
    assert list(Reading(path)) == []


@given(st.integers(0, len(WHOLE)))
def test_a_cut_loses_only_the_tail(tmp_path_factory, cut):
    path = tmp_path_factory.getbasetemp() / "cut.jsonl"
    lines, reading = reading_of(WHOLE[:cut], path)
    whole = WHOLE[:cut].count(b"\n")
    assert lines == LINES[:whole]
    assert reading.damaged == 0
    assert reading.torn == (not WHOLE[:cut].endswith(b"\n") and cut > 0)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_never_gives_wrong_data_and_is_always_reported(tmp_path_factory, place, change):
    path = tmp_path_factory.getbasetemp() / "changed.jsonl"
    content = bytearray(WHOLE)
    content[place] ^= change
    lines, reading = reading_of(bytes(content), path)
    assert set(lines) < set(LINES)
    assert lines == sorted(lines, key=lambda line: line.seq)
    assert reading.damaged or reading.torn


@given(st.binary(max_size=200))
def test_bytes_that_are_no_journal_give_nothing(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    lines, _ = reading_of(content, path)
    assert lines == []


@given(st.binary(max_size=60))
def test_a_line_with_a_true_checksum_and_another_form_is_not_read(body):
    assert parse(frame(Line(1, "x", b""))[:-1].replace(b'"seq"', body)) is None


def test_a_missing_line_in_the_middle_is_counted(path):
    lines, reading = reading_of(b"".join(frame(line) for line in LINES if line.seq != 2), path)
    assert [line.seq for line in lines] == [1, 3, 4]
    assert reading.damaged == 1


def test_two_lines_run_together_are_counted_as_two(path):
    first, second, *rest = (frame(line) for line in LINES)
    _, reading = reading_of(first[:-1] + second + b"".join(rest), path)
    assert reading.damaged == 2


def test_a_journal_that_is_written_is_held_and_one_that_was_closed_is_not(path):
    with Journal(path) as journal:
        with pytest.raises(StoreError, match="is being written by another process"):
            check_unheld(path)
        with pytest.raises(StoreError, match=r"journal\.jsonl cannot be written: File exists"):
            Journal(path)
    check_unheld(path)
    journal.close()


@pytest.mark.parametrize("durability", ["process", "group", "record"])
def test_every_durability_writes_the_same(path, durability):
    with Journal(path, durability) as journal:
        numbers = [journal.append("attempt_finished", row) for row in ROWS]
    assert path.read_bytes() == WHOLE
    assert numbers == [1, 2, 3, 4]


def test_a_journal_that_goes_on_counts_on_from_the_number_in_its_name(tmp_path):
    path = tmp_path / "0-1-aa.from-000000000005.jsonl"
    with Journal(path, first=5) as journal:
        assert journal.append("attempt_finished", ROWS[0]) == 5
        journal.append("attempt_finished", ROWS[1])
    reading = Reading(path)
    assert [line.seq for line in reading] == [5, 6]
    assert reading.damaged == 0
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    reading = Reading(path)
    list(reading)
    assert reading.damaged == 1


def test_lines_are_whole_wherever_the_blocks_end(path, monkeypatch):
    path.write_bytes(WHOLE)
    for size in range(1, 40):
        monkeypatch.setattr(journal, "_BLOCK_BYTES", size)
        assert list(Reading(path)) == LINES


def test_a_writer_that_was_killed_holds_nothing(path):
    code = f"""
import os, signal
from pathlib import Path
from harness.store.journal import Journal
Journal(Path({str(path)!r})).append("attempt_finished", b"{{}}")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    assert [line.row for line in Reading(path)] == [b"{}"]
    check_unheld(path)


def test_a_folder_without_the_journal_says_so(tmp_path):
    with pytest.raises(StoreError, match=r"journal\.jsonl cannot be written: there is no such file"):
        Journal(tmp_path / "none" / "journal.jsonl")


def test_a_journal_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        list(Reading(tmp_path))


def test_a_full_disk_leaves_no_half_line_and_says_what_to_do(path, monkeypatch):
    write, room = os.write, [150]

    def write_until_full(handle, text):
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(handle, text[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", write_until_full)
    with Journal(path) as journal:
        journal.append("attempt_finished", ROWS[0])
        with pytest.raises(
            StoreError, match=r"the disk is full: free some space and try again\. What was recorded so far"
        ):
            journal.append("attempt_finished", ROWS[1])
        room[0] = 10_000
        journal.append("attempt_finished", ROWS[2])
    reading = Reading(path)
    assert [line.row for line in reading] == [ROWS[0], ROWS[2]]
    assert (reading.damaged, reading.torn) == (0, False)
