import asyncio
import json
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.simulate.truthlog import TruthLog
from harness.told import Truth

FULL = Path("/dev/full")
ONE = Truth("id-1", "swift", "facts", 0.8, True, 0.1, 0.2, 10, 5, 0.001)
TWO = Truth("id-2", "swift", "facts", 0.8, False, 0.1, 0.2, 10, 5, 0.001)


def read(path):
    return [Truth.from_json(json.loads(line)) for line in path.read_text().splitlines()]


def test_every_truth_is_one_line_in_the_form_of_the_word(tmp_path):
    log = TruthLog(tmp_path / "truth.jsonl")
    log.add(ONE)
    log.flush()
    assert read(tmp_path / "truth.jsonl") == [ONE]
    log.add(TWO)
    log.close()
    assert read(tmp_path / "truth.jsonl") == [ONE, TWO]


def test_what_the_file_held_before_is_gone(tmp_path):
    path = tmp_path / "truth.jsonl"
    path.write_text("old\n")
    TruthLog(path).close()
    assert path.read_text() == ""


def test_without_a_file_nothing_is_written():
    log = TruthLog(None)
    log.add(ONE)
    log.close()


def test_it_writes_by_itself_while_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(TruthLog, "EVERY_S", 0.001)
    path = tmp_path / "truth.jsonl"

    async def keep():
        log = TruthLog(path)
        keeper = asyncio.create_task(log.keep())
        log.add(ONE)
        async with asyncio.timeout(10):
            while not path.read_text():  # noqa: ASYNC110 - a file cannot be awaited
                await asyncio.sleep(0.001)
        keeper.cancel()
        log.close()

    asyncio.run(keep())
    assert read(path) == [ONE]


def test_a_file_that_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(HarnessError, match="the truth log cannot be written: No such file"):
        TruthLog(tmp_path / "nowhere" / "truth.jsonl")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_the_file_is_closed_all_the_same(tmp_path):
    log = TruthLog(tmp_path / "truth.jsonl")
    assert log._file
    log._file.close()
    log._file = FULL.open("wb", buffering=0)
    log.add(ONE)
    with pytest.raises(HarnessError, match="the truth log cannot be written: No space left"):
        log.close()
    assert log._file.closed
