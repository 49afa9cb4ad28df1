"""Parquet files are whole, are what went in, and are noticed when they are no longer."""

from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from harness.errors import StoreError
from harness.store import parquet
from harness.store.columns import SCHEMA_VERSION, SCORES, score_row
from harness.store.encoding import encode
from tests.store import made

ROWS = [encode(score_row(made.score(made.attempt(made.trial(n))), f"r{n}", simulated=False)) for n in range(7)]


def ids(path):
    return pq.read_table(path)["run_id"].to_pylist()


def test_what_goes_in_is_there_in_order_compressed_with_its_schema(tmp_path):
    path = tmp_path / "s.parquet"
    part = parquet.write(path, iter(ROWS), SCORES)
    assert ids(path) == [f"r{n}" for n in range(7)]
    assert (part.file, part.rows, part.bytes) == ("s.parquet", 7, path.stat().st_size)
    assert pq.read_schema(path).equals(SCORES)
    assert pq.read_schema(path).metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
    assert pq.read_schema(path).field("value").metadata[b"description"].startswith(b"from 0 to 1")
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"
    assert list(tmp_path.iterdir()) == [path]
    parquet.check(tmp_path, part, "")


def test_no_rows_make_a_file_with_all_columns(tmp_path):
    assert parquet.write(tmp_path / "s.parquet", [], SCORES).rows == 0
    assert pq.read_table(tmp_path / "s.parquet").column_names == SCORES.names


@pytest.mark.parametrize(
    ("limits", "groups"),
    [
        ({"GROUP_ROWS": 3, "_CHUNK_ROWS": 3}, [3, 3, 1]),
        ({"_CHUNK_ROWS": 1, "GROUP_BYTES": 1}, [1] * 7),
        ({"_CHUNK_BYTES": 2 * len(ROWS[0])}, [7]),
    ],
)
def test_row_groups_end_by_rows_or_by_bytes_so_memory_stays_bounded(tmp_path, monkeypatch, limits, groups):
    for name, value in limits.items():
        monkeypatch.setattr(parquet, name, value)
    path = tmp_path / "s.parquet"
    parquet.write(path, ROWS, SCORES)
    found = pq.read_metadata(path)
    assert [found.row_group(n).num_rows for n in range(found.num_row_groups)] == groups
    assert ids(path) == [f"r{n}" for n in range(7)]


def test_an_error_while_rows_are_made_passes_through_and_the_old_file_stays(tmp_path):
    path = tmp_path / "s.parquet"
    parquet.write(path, ROWS[:1], SCORES)

    def broken():
        yield ROWS[1]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        parquet.write(path, broken(), SCORES)
    assert ids(path) == ["r0"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_row_that_does_not_fit_is_a_store_error_and_leaves_nothing(tmp_path):
    with pytest.raises(StoreError, match=r"s\.parquet cannot be written: Could not convert 'much'"):
        parquet.write(tmp_path / "s.parquet", [b'["r","t","p","s","h","c","h",null,"c","much"]'], SCORES)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match="there is no such file or folder"):
        parquet.write(tmp_path / "none" / "s.parquet", ROWS, SCORES)


def test_a_file_that_reads_back_differently_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(pq, "read_metadata", lambda path: SimpleNamespace(num_rows=6))
    with pytest.raises(StoreError, match="7 rows went in and 6 are there"):
        parquet.write(tmp_path / "s.parquet", ROWS, SCORES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [0, 4, 100, -1, -10])
def test_a_changed_byte_anywhere_is_noticed(tmp_path, place):
    path = tmp_path / "s.parquet"
    part = parquet.write(path, ROWS, SCORES)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"s\.parquet is damaged: .* Do that"):
        parquet.check(tmp_path, part, "Do that")


def test_a_missing_file_is_noticed(tmp_path):
    part = parquet.write(tmp_path / "s.parquet", ROWS, SCORES)
    (tmp_path / "s.parquet").unlink()
    with pytest.raises(StoreError, match=r"s\.parquet cannot be read: there is no such file or folder\. Do that"):
        parquet.check(tmp_path, part, "Do that")


def test_columns_are_read_alone_and_an_unknown_one_lists_those_there_are(tmp_path):
    path = tmp_path / "s.parquet"
    parquet.write(path, ROWS, SCORES)
    assert parquet.read([path], ["value", "run_id"], SCORES).column_names == ["value", "run_id"]
    assert parquet.read([path], None, SCORES).column_names == SCORES.names
    with pytest.raises(StoreError, match="has no column 'colour'; it has run_id, trial_id"):
        parquet.read([path], ["colour"], SCORES)


def test_a_file_that_is_no_parquet_is_a_store_error(tmp_path):
    path = tmp_path / "s.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(StoreError, match=r"s\.parquet cannot be read"):
        parquet.read([path], None, SCORES)
    with pytest.raises(StoreError, match=r"s\.parquet cannot be read"):
        list(parquet.batches([path], ["run_id"]))
