"""Whatever is done to a journal's bytes, opening its run gives only what was written, and says what is missing."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.store import Recorder, open_run
from tests.store import made

RUN = "20261121-014500-ab12"
WRITTEN = [(f"case-{n}", f"answer {n}") for n in range(4)]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """What a killed run leaves: its folder, with one journal of four attempts that were started and ended."""
    reports = tmp_path_factory.mktemp("killed")
    recorder = Recorder(reports, made.info())
    for number, (_, text) in enumerate(WRITTEN):
        recorder.started(made.trial(number), 1, 0.5)
        recorder.record(made.attempt(made.trial(number), text=text))
    kept = reports / "kept"
    shutil.copytree(recorder.path, kept)
    recorder.close()
    (journal,) = (kept / "journal").iterdir()
    return kept, journal.name, journal.read_bytes()


def opened(killed, content, folder):
    kept, name, _ = killed
    path = folder / "runs" / RUN
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(kept, path)
    (path / "journal" / name).write_bytes(content)
    run = open_run(RUN, folder)
    calls = run.calls(["case_id", "text"])
    found = list(zip(calls["case_id"], calls["text"], strict=True))
    assert [one for one in WRITTEN if one in found] == found, "what is read is what was written, in its order"
    return run, found


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_cut_loses_the_tail_and_names_what_was_in_flight(killed, tmp_path_factory, data):
    whole = killed[2]
    cut = data.draw(st.integers(0, len(whole)))
    run, found = opened(killed, whole[:cut], tmp_path_factory.getbasetemp() / "cut")
    ends = [at for at, byte in enumerate(whole, 1) if byte == ord("\n")]
    lines = sum(end <= cut for end in ends)
    assert found == WRITTEN[: lines // 2]
    assert [one.case_id for one in run.in_flight] == ([WRITTEN[lines // 2][0]] if lines % 2 else [])
    assert run.damaged == 0
    torn = cut not in (0, *ends)
    assert any("killed while a record was being written" in note for note in run.notes) == torn
    assert run.state == "interrupted"


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_byte_loses_its_record_alone_and_is_reported(killed, tmp_path_factory, data):
    content = bytearray(killed[2])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    run, found = opened(killed, bytes(content), tmp_path_factory.getbasetemp() / "changed")
    assert len(found) >= len(WRITTEN) - 2  # a line end that is gone takes two lines, of two attempts, with it
    assert run.damaged or any("killed while a record" in note for note in run.notes)
    if run.damaged:
        (aside,) = (run.path / "journal.damaged").iterdir()
        assert aside.read_bytes() == bytes(content)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_bytes_put_in_anywhere_never_become_rows(killed, tmp_path_factory, data):
    whole = killed[2]
    place = data.draw(st.integers(0, len(whole)))
    put = data.draw(st.binary(min_size=1, max_size=40))
    run, found = opened(killed, whole[:place] + put + whole[place:], tmp_path_factory.getbasetemp() / "put")
    assert len(found) >= len(WRITTEN) - 1
    assert run.notes or found == WRITTEN
