"""The manifest says what a run consists of; a damaged one is said to be so."""

import orjson
import pytest

from harness.errors import StoreError
from harness.store.columns import SCHEMA_VERSION
from harness.store.manifest import InFlight, Manifest, Part
from tests.store import made

MANIFEST = Manifest(
    "complete", made.info(), 3, (Part("calls.parquet/0001-aa.parquet", 4, 100, "aa"),), journals=("0-1-ab.jsonl",),
    damaged={"0-1-ab.jsonl": 1}, torn=1, in_flight=(InFlight("0-1-ab", 7, "t", 1, "alpha", "sums", "two", "2026-11-21T01:45:00Z", 0.5),),
)  # fmt: skip


def test_it_reads_back_as_it_was(tmp_path):
    MANIFEST.save(tmp_path)
    assert Manifest.load(tmp_path) == MANIFEST
    plain = orjson.loads((tmp_path / "manifest.json").read_bytes())
    assert (plain["schema_version"], plain["run_id"], plain["state"]) == (
        SCHEMA_VERSION,
        "20261121-014500-ab12",
        "complete",
    )


def test_a_part_is_known_by_its_bytes(tmp_path):
    path = tmp_path / "part"
    path.write_bytes(b"abc")
    assert Part.of(path, 7) == Part("part", 7, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"7",
        b'{"schema_version":"1"}',
        b'{"schema_version":4,"calls":[],"state":"done"}',
        b"\xff",
    ],
)
def test_what_is_no_manifest_is_a_store_error_that_names_the_file(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"manifest\.json is not a run's manifest"):
        Manifest.load(tmp_path)


def test_every_cut_of_a_manifest_is_noticed(tmp_path):
    MANIFEST.save(tmp_path)
    whole = (tmp_path / "manifest.json").read_bytes().rstrip()
    for length in range(len(whole)):
        (tmp_path / "manifest.json").write_bytes(whole[:length])
        with pytest.raises(StoreError):
            Manifest.load(tmp_path)


def test_any_changed_byte_of_a_manifest_is_read_or_is_a_store_error_never_a_traceback(tmp_path):
    MANIFEST.save(tmp_path)
    whole = (tmp_path / "manifest.json").read_bytes()
    for place in range(len(whole)):
        (tmp_path / "manifest.json").write_bytes(whole[:place] + b"[" + whole[place + 1 :])
        try:
            Manifest.load(tmp_path)
        except StoreError:
            continue


def test_a_newer_harness_s_manifest_says_upgrade(tmp_path):
    MANIFEST.save(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_bytes(
        path.read_bytes().replace(
            b'"schema_version": %d' % SCHEMA_VERSION, b'"schema_version": %d' % (SCHEMA_VERSION + 1)
        )
    )
    with pytest.raises(StoreError, match=r"written by a newer llm-harness \(\d.*upgrade"):
        Manifest.load(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match=r"manifest\.json cannot be written"):
        MANIFEST.save(tmp_path / "missing")


def test_the_manifest_of_an_older_harness_with_one_file_is_read(tmp_path):
    plain = {
        "schema_version": 2, "run_id": "r", "state": "interrupted", "trials": 3, "scores": None,
        "calls": {"file": "calls.parquet", "rows": 4, "bytes": 100, "sha256": "aa"},
        "journal": {"damaged": 1, "torn": True}, "info": made.info().as_json(),
    }  # fmt: skip
    (tmp_path / "manifest.json").write_bytes(orjson.dumps(plain))
    assert Manifest.load(tmp_path) == Manifest(
        "interrupted", made.info(), 3, (Part("calls.parquet", 4, 100, "aa"),),
        damaged={"journal.damaged.jsonl": 1}, torn=1,
    )  # fmt: skip
