"""`python -m tests.perf` runs, in its quickest form; its figures mean nothing then."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness import store
from tests.perf import scratch, storing
from tests.perf.found import table
from tests.perf.paced_server import serving

ROOT = Path(__file__).parent.parent.parent
SAID = ("Fidelity", "Evaluated cases a second")


def test_the_command_measures_every_client_and_writes_tables_and_json(tmp_path):
    command = [sys.executable, "-m", "tests.perf", "--tiny", "--only=fidelity,throughput", "--out", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page, told = sorted(tmp_path.iterdir(), key=lambda path: path.suffix, reverse=True)
    text, data = page.read_text(), json.loads(told.read_text())
    for title in SAID:
        assert f"## {title}" in text
        assert f"## {title}" in done.stdout
    for client in ("truth", "ours", "ours, 2 workers", "aiohttp", "openai", "litellm"):
        assert f"| {client} " in text
    assert {one["met"] for one in data["targets"]} <= {True, False, None}
    (streams,) = data["Fidelity: what the clients read, beside the server's own log"].values()
    for rounds in streams.values():
        for one in rounds:
            assert one["true_ms"]["ttft p50"] >= 200
            assert one["read_ms"]["ttft p50"] >= 200


def test_recording_is_measured_on_rows_that_are_there(tmp_path):
    stored = storing.record(200, tmp_path)
    assert stored.rows == sum(len(store.load_run(one).calls()) for one in (tmp_path / "runs").iterdir())
    assert 0 < stored.parquet < stored.jsonl


def test_a_table_is_aligned_and_markdown():
    assert table(("what", "n"), [("a", 1234), ("long", None), ("b", 1.5)]).splitlines() == [
        "| what |     n |",
        "|------|------:|",
        "| a    | 1,234 |",
        "| long |     – |",
        "| b    |  1.50 |",
    ]


def test_a_peer_that_is_not_known_is_named_beside_those_that_are(capsys):
    with pytest.raises(SystemExit, match="no such peer: nobody; there is inspect_ai, lm_eval, guidellm"):
        scratch.chosen("inspect_ai,nobody")


def test_a_peer_that_cannot_be_installed_takes_no_part_and_the_report_says_why(tmp_path, monkeypatch):
    nowhere = scratch.Scratch((str(tmp_path / "no-such-package"),), "inspect_peer.py")
    monkeypatch.setattr(scratch, "PEERS", {"nobody": nowhere})
    monkeypatch.setattr(scratch, "ENVIRONMENTS", tmp_path)
    with serving() as served:
        peers, (note,) = scratch.installed(served, ("nobody",), streams=False)
    assert peers == {}
    assert note.startswith("nobody takes no part, it could not be installed or run here: ")
    assert "no-such-package" in note
