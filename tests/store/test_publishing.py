"""A run in an object store is published whole or not at all, from one machine to all others."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import StoreError, WrongUse
from harness.store import (
    Place,
    Recorder,
    Remainder,
    load_run,
    load_runs,
    newest_run,
    open_run,
    remainder,
    run_before,
    runs_folder,
    runs_in,
    save_searches,
    set_latest,
)  # fmt: skip
from tests.store import made, s3

RUN = "20261121-014500-ab12"
LATER = "20261121-024500-cd34"
PART = r"calls\.parquet/0001-[0-9a-f]{12}\.parquet"


def record(bucket, run_id=RUN, answers=3):
    with Recorder(bucket.reports, made.info(run_id)) as recorder:
        for number in range(answers):
            recorder.started(made.trial(number), 1)
            recorder.record(made.attempt(made.trial(number)))
    return recorder.path


def scored(run, value=1.0):
    run.write_scores([made.score(made.attempt(made.trial(number)), value) for number in range(3)])
    return run


def everything_in(folder):
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


def test_another_machine_reads_what_was_recorded(bucket):
    with Recorder(bucket.reports, made.info()) as recorder:
        recorder.record(made.attempt())
        recorder.truth.write_text("")
        save_searches(recorder.path, {"alpha": {"most": 4, "history": [{"at_s": 0.0, "in_flight": 4, "why": "start"}]}})
    set_latest(bucket.reports, RUN)
    bucket.machine("second")
    for run in (
        open_run(RUN, bucket.reports),
        open_run("latest", bucket.reports),
        load_run(f"{bucket.reports}/runs/{RUN}"),
        load_run(f"{bucket.reports}/latest"),
        newest_run(bucket.reports),
    ):
        assert run.state == "complete"
        assert list(run.calls()["text"]) == ["2"]
        assert [one.ref.case_id for one in run.outcomes()] == ["case-0"]
        assert run.truths() == []
        assert "alpha: adaptive: rose to 4 in flight" in run.notes[0]
    assert list(load_runs(f"{bucket.reports}/runs").calls(["run_id"])["run_id"]) == [RUN]
    (listed,) = runs_in(runs_folder(bucket.reports))
    assert (listed.state, listed.remedy, len(listed.calls(["text"]))) == ("complete", "", 1)


def test_what_is_published_is_parts_by_their_content_and_the_manifest_last(bucket):
    record(bucket)
    first, *rest = (one.partition("/evals/")[2] for one in bucket.proxy.put())
    assert first == f"runs/{RUN}/manifest.json", (
        "so that a place that takes nothing is found out before anything is asked"
    )
    assert re.fullmatch(f"runs/{RUN}/{PART}", rest[0])
    assert rest[1:] == [f"runs/{RUN}/manifest.json"]
    assert bucket.objects == sorted([first, rest[0]]), "no journal, no lock"


def test_while_a_run_goes_on_others_see_that_it_has_begun(bucket):
    with Recorder(bucket.reports, made.info()) as recorder:
        recorder.record(made.attempt())
        with pytest.raises(StoreError, match="is being written by another process"):
            open_run(RUN, bucket.reports)
        bucket.machine("second")
        assert (open_run(RUN, bucket.reports).state, open_run(RUN, bucket.reports).attempts) == ("interrupted", 0)
        bucket.machine("first")
    bucket.machine("second")
    assert open_run(RUN, bucket.reports).attempts == 1


@pytest.mark.parametrize("fault", [403, 500])
@pytest.mark.parametrize("refused", ["/calls.parquet/", "/manifest.json"])
def test_what_cannot_be_published_is_kept_and_recovered(bucket, fault, refused):
    recorder = Recorder(bucket.reports, made.info())
    recorder.record(made.attempt())
    bucket.proxy.fault = lambda method, path: fault if method in {"PUT", "POST"} and refused in path else None
    with pytest.raises(StoreError) as error:
        recorder.close()
    assert f"What was recorded is kept in {recorder.path}: `harness recover {RUN} --reports {bucket.reports}`" in str(
        error.value
    )
    assert not s3.is_secret_in(str(error.value))
    with pytest.raises(StoreError, match="What was recorded is kept"):
        open_run(RUN, bucket.reports)
    bucket.proxy.fault = lambda method, path: None
    bucket.machine("second")
    assert open_run(RUN, bucket.reports).attempts == 0, "what was published before stands"
    bucket.machine("first")
    (listed,) = runs_in(runs_folder(bucket.reports))
    assert listed.remedy == f"it is not published yet: `harness recover {RUN}` does it"
    assert open_run(RUN, bucket.reports).attempts == 1
    bucket.machine("second")
    assert len(open_run(RUN, bucket.reports).calls()) == 1


def test_a_bucket_that_is_not_there_is_found_out_before_anything_is_asked(bucket):
    bucket.vanish()
    with pytest.raises(StoreError, match=r"there is no such bucket: [\s\S]*\nNothing was sent to a provider"):
        Recorder(bucket.reports, made.info())
    assert list(runs_folder_here(bucket).iterdir()) == []


def runs_folder_here(bucket):
    return Place.of(bucket.reports).folder / "runs"


def test_a_bucket_that_vanishes_meanwhile_loses_nothing(bucket):
    recorder = Recorder(bucket.reports, made.info())
    recorder.record(made.attempt())
    bucket.vanish()
    with pytest.raises(StoreError, match=r"there is no such bucket: [\s\S]*What was recorded is kept"):
        recorder.close()
    bucket.appear()
    assert len(open_run(RUN, bucket.reports).calls()) == 1
    assert f"runs/{RUN}/manifest.json" in bucket.objects


@pytest.mark.parametrize("moment", ["/calls.parquet/", "uploadId", "/manifest.json"])
def test_a_kill_while_it_uploads_publishes_nothing_half_and_recover_does_the_rest(bucket, moment):
    """The first upload is that of the beginning: it is let through."""

    def stall(method, path):
        begun = method in {"PUT", "POST"} and f"runs/{RUN}/manifest.json" in bucket.objects
        return "stall" if begun and moment in path else None

    bucket.proxy.fault = stall
    process = subprocess.Popen([sys.executable, "-m", "tests.store.publishing_child", bucket.reports])
    assert bucket.proxy.stalled.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    bucket.proxy.fault = lambda method, path: None
    here = Path(runs_folder_here(bucket)) / RUN
    assert (here / "manifest.json").exists()
    bucket.machine("second")
    assert open_run(RUN, bucket.reports).attempts == 0
    bucket.machine("first")
    assert open_run(RUN, bucket.reports).attempts == 3
    bucket.machine("second")
    assert len(open_run(RUN, bucket.reports).calls()) == 3
    assert len([one for one in bucket.objects if "calls.parquet" in one]) == 1


def test_a_run_that_was_killed_before_it_ended_is_recovered_from_its_journals_and_published(bucket):
    recorder = Recorder(bucket.reports, made.info())
    recorder.record(made.attempt())
    assert recorder._aside
    recorder._aside.close()
    recorder._lock.close()  # what a kill does
    recorder._writer.close()
    assert open_run(RUN, bucket.reports).attempts == 1
    bucket.machine("second")
    assert open_run(RUN, bucket.reports).attempts == 1


def test_a_judging_is_a_new_object_named_by_the_manifest_before_others_see_it(bucket):
    record(bucket)
    scored(open_run(RUN, bucket.reports), 1.0)
    (before,) = (one for one in bucket.objects if "/scores/" in one)
    bucket.machine("second")
    reader = open_run(RUN, bucket.reports)
    assert set(reader.scores()["value"]) == {1.0}
    since = len(bucket.proxy.asked)
    scored(open_run(RUN, bucket.reports), 0.0)
    first, second, third = (one.partition(f"/{RUN}/")[2] for one in bucket.proxy.put(since))
    assert first.startswith("scores/")
    assert (second, third) == ("manifest.json", "scores.parquet")
    assert {before, f"runs/{RUN}/{first}", f"runs/{RUN}/scores.parquet"} <= set(bucket.objects)
    assert bucket.content(f"runs/{RUN}/scores.parquet") == bucket.content(f"runs/{RUN}/{first}")
    assert set(reader.scores()["value"]) == {1.0}, "who has read the manifest before reads what it names"
    bucket.machine("third")
    run = open_run(RUN, bucket.reports)
    assert set(run.scores()["value"]) == {0.0}
    assert set(run.scores(scoring=1)["value"]) == {1.0}


def test_when_a_run_goes_on_the_scores_of_before_are_no_longer_shown_but_kept(bucket):
    record(bucket, answers=2)
    scored(open_run(RUN, bucket.reports), 1.0)
    before = left(open_run(RUN, bucket.reports), 3)
    with Recorder.again(before, made.info()) as recorder:
        recorder.record(made.attempt(made.trial(2)))
    assert f"runs/{RUN}/scores.parquet" not in bucket.objects
    bucket.machine("second")
    run = open_run(RUN, bucket.reports)
    assert not run.scored
    assert set(run.scores(scoring=1)["value"]) == {1.0}


def test_the_second_of_two_machines_that_change_a_run_is_refused_and_keeps_what_it_has(bucket):
    record(bucket)
    bucket.machine("second")
    theirs = open_run(RUN, bucket.reports)
    theirs.calls()
    bucket.machine("first")
    scored(open_run(RUN, bucket.reports), 1.0)
    bucket.machine("second")
    with pytest.raises(StoreError, match="was changed from another machine") as error:
        scored(theirs, 0.0)
    assert f"is kept in {theirs.path}" in str(error.value)
    bucket.machine("third")
    assert set(open_run(RUN, bucket.reports).scores()["value"]) == {1.0}


def left(run, count):
    return remainder(run, [made.trial(number) for number in range(count)])


def test_another_machine_goes_on_with_a_run(bucket):
    record(bucket, answers=2)
    bucket.machine("second")
    before: Remainder = left(open_run(RUN, bucket.reports), 3)
    assert len(before.done) == 2
    with Recorder.again(before, made.info()) as recorder:
        recorder.record(made.attempt(made.trial(2)))
    bucket.machine("first")
    run = open_run(RUN, bucket.reports)
    assert (run.attempts, run.trials, len(run.calls())) == (3, 3, 3)


def test_what_was_edited_since_is_set_aside_there_as_well(bucket):
    record(bucket, answers=2)
    (old,) = (one for one in bucket.objects if "calls.parquet" in one)
    bucket.machine("second")
    run = open_run(RUN, bucket.reports)
    before = Remainder(run, frozenset(), 0, frozenset({made.trial(0).ref.trial_id}), {})
    with Recorder.again(before, made.info()) as recorder:
        recorder.record(made.attempt(made.trial(2)))
    assert old not in bucket.objects
    assert len([one for one in bucket.objects if "superseded.parquet" in one]) == 1
    bucket.machine("third")
    assert sorted(open_run(RUN, bucket.reports).calls()["case_id"]) == ["case-1", "case-2"]


def test_the_run_before_is_found_among_those_of_other_machines(bucket):
    record(bucket)
    scored(open_run(RUN, bucket.reports))
    bucket.machine("second")
    later = record(bucket, LATER).name
    new = open_run(later, bucket.reports)
    with pytest.raises(WrongUse, match="no scored run from before"):
        run_before(open_run(RUN, bucket.reports), bucket.reports)
    assert newest_run(bucket.reports).run_id == LATER
    assert {one.path.name for one in runs_in(runs_folder(bucket.reports))} == {RUN, LATER}
    assert new.attempts == 3


def test_a_list_fetches_only_manifests_that_changed(bucket):
    record(bucket)
    bucket.machine("second")
    runs_folder(bucket.reports)
    since = len(bucket.proxy.asked)
    runs_folder(bucket.reports)
    assert [path for method, path in bucket.proxy.asked[since:] if "manifest.json" in path] == []
    assert not [one for one in Path(runs_folder(bucket.reports)).rglob("*.parquet") if one.is_file()]


def test_a_run_that_was_removed_is_no_longer_there_and_its_copy_is_put_away(bucket):
    path = record(bucket)
    for name in bucket.objects:
        bucket.remove(name)
    with pytest.raises(WrongUse, match=f"{RUN} is no longer in {bucket.reports}; a copy"):
        open_run(RUN, bucket.reports)
    assert not path.exists()
    assert (path.parent.parent / "gone" / RUN / "manifest.json").exists()
    record(bucket, LATER)
    for name in bucket.objects:
        bucket.remove(name)
    assert runs_in(runs_folder(bucket.reports)) == []
    with pytest.raises(WrongUse, match=f"{bucket.reports} holds no run yet"):
        newest_run(bucket.reports)


def test_a_part_that_was_damaged_before_it_was_sent_is_not_published(bucket):
    recorder = Recorder(bucket.reports, made.info())
    recorder.record(made.attempt())
    bucket.proxy.fault = lambda method, path: 500
    with pytest.raises(StoreError):
        recorder.close()
    bucket.proxy.fault = lambda method, path: None
    (part,) = (recorder.path / "calls.parquet").iterdir()
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"is damaged: it is not the file that manifest\.json names"):
        open_run(RUN, bucket.reports)
    assert bucket.objects == [f"runs/{RUN}/manifest.json"]


def test_no_secret_is_written_down(bucket, tmp_path):
    record(bucket)
    scored(open_run(RUN, bucket.reports))
    set_latest(bucket.reports, RUN)
    assert not s3.is_secret_in(everything_in(tmp_path).decode("latin-1"))
    assert not any(s3.is_secret_in(bucket.content(name).decode("latin-1")) for name in bucket.objects)


def test_the_report_of_the_last_run_is_published_with_its_pointer_last(bucket):
    folder = Place.of(bucket.reports).made().folder / "latest"
    folder.mkdir()
    for name in ("report.md", "old.png"):
        (folder / name).write_text(name)
    record(bucket)
    set_latest(bucket.reports, RUN)
    (folder / "old.png").unlink()
    since = len(bucket.proxy.asked)
    set_latest(bucket.reports, RUN)
    assert [one.rpartition("/")[2] for one in bucket.proxy.put(since)] == ["report.md", "run"]
    assert [one for one in bucket.objects if one.startswith("latest")] == ["latest/report.md", "latest/run"]
