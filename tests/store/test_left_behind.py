"""What a killed worker has recorded is read from its journals and parts, while the run goes on."""

from harness.store import Recorder, WriteOptions, Writer, left_behind, part_names
from harness.store.aside import main
from tests.store import made
from tests.store.test_writer import stop_looking

RETRIES = {"alpha": 1, "beta": 0}


def test_what_is_done_what_was_tried_and_what_was_in_flight(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        stop_looking(recorder)
        with (
            Writer(recorder.path, made.info(), worker="1") as one,
            Writer(recorder.path, made.info(), worker="11") as other,
        ):
            other.record(made.attempt(made.trial(9)))
            one.record(made.attempt(made.trial(0, phase="warmup")))
            one.started(made.trial(1), 1, 0.5)
            one.record(made.attempt(made.trial(1)))
            one.record(made.failed(made.trial(2)))  # may be tried again
            one.record(made.failed(made.trial(3, provider="beta")))  # was not to be tried again
            one.record(made.failed(made.trial(4), kind="dropped"))
            one.record(made.failed(made.trial(5), kind="cancelled"))
            one.record(made.failed(made.trial(6)))
            one.record(made.failed(made.trial(6), number=2))
            one.started(made.trial(7), 1, 0.25)
            one.started(made.trial(8), 1)
        left = left_behind(recorder.path, "1")
    ids = {number: made.trial(number).ref.trial_id for number in (1, 2, 4, 5, 6)}
    assert left.done(RETRIES) == {ids[1], ids[4], ids[6], made.trial(3, provider="beta").ref.trial_id}
    assert left.attempts[ids[2]] == 1
    assert left.attempts[ids[6]] == 2
    assert left.in_flight == (0.25, None)
    (answered,) = (row for row in left.rows if row.trial_id == ids[1])
    assert (answered.provider, answered.status, answered.cost_usd, answered.most_usd) == ("alpha", "ok", 0.00025, 0.5)
    assert len(left.rows) == 8


def test_what_has_become_a_part_meanwhile_is_read_there_but_not_parts_of_before(tmp_path):
    with Recorder(tmp_path, made.info()) as recorder:
        stop_looking(recorder)
        path, tiny = recorder.path, WriteOptions(journal_bytes=1)
        with Writer(path, made.info(), worker="1", options=tiny) as one:
            one.started(made.trial(0), 1, 0.5)
            one.record(made.attempt(made.trial(0)))
        assert main(path) == 0
        before = part_names(path)
        assert len(before) == 1
        with Writer(path, made.info(), worker="1", options=tiny) as one:
            one.record(made.attempt(made.trial(1)))
            one.record(made.attempt(made.trial(2)))
        assert main(path) == 0
        known = {made.trial(number).ref.trial_id for number in range(3)}
        assert left_behind(path, "1").done(RETRIES) == known
        assert left_behind(path, "1", before).done(RETRIES) == known - {made.trial(0).ref.trial_id}
        assert not left_behind(path, "2").rows
