"""A file is the old one or the new one, and what the disk says is said in words that help."""

import errno
import os

import pyarrow as pa
import pytest

from harness.errors import StoreError
from harness.store import durable
from harness.store.durable import guarded


def test_a_written_file_is_whole_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.json"
    durable.write(path, b"old")
    durable.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    durable.write(path, b"old")

    def no_space(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        durable.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full: free some space"),
        (errno.EDQUOT, "quota is used up"),
        (errno.EROFS, "read-only: choose another folder with --reports"),
        (errno.EACCES, "permission denied: change the permissions"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_an_error_of_the_disk_names_the_file_and_says_what_to_do(tmp_path, number, words):
    with pytest.raises(StoreError, match=words) as caught, guarded(tmp_path / "x", "cannot be written"):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith(f"{tmp_path / 'x'} cannot be written: ")
    assert isinstance(caught.value.__cause__, OSError)


def test_an_error_without_words_is_named_by_its_kind(tmp_path):
    with (
        pytest.raises(StoreError, match=r"x cannot be read: ArrowInvalid\. Try this$"),
        guarded(tmp_path / "x", "cannot be read", "Try this"),
    ):
        raise pa.ArrowInvalid


def test_only_the_first_line_of_a_long_error_is_shown(tmp_path):
    with pytest.raises(StoreError, match=r"cannot be read: first$"), guarded(tmp_path / "x", "cannot be read"):
        raise ValueError("first\nsecond")
