"""What a killed worker has recorded becomes what its successor is told, and what its budget counts."""

import pickle
from datetime import UTC, datetime

import pytest

from harness import crew, engine, store
from harness.ask import Provider, Secret
from harness.client import Cache
from harness.settings import Places, Selection, Terms
from harness.told import Tally
from tests.engine import made
from tests.store import made as rows

JOB = {
    "places": Places(),
    "selection": Selection(),
    "basis": crew.basis("5a5a", {"sums": "b6b6"}),
    "addresses": {},
    "warm_up": False,
    "info": rows.info(),
    "anchor": engine.Anchor(datetime(2026, 11, 21, tzinfo=UTC), 5.0),
}


def test_a_killed_worker_s_rows_are_counted_and_what_nobody_priced_counts_as_the_most(tmp_path):
    with store.Recorder(tmp_path, rows.info()) as recorder:
        with store.Writer(recorder.path, rows.info(), worker="1") as writer:
            for number, kind in ((0, None), (1, "overloaded"), (2, "timeout_total"), (3, "dns")):
                trial = rows.trial(number)
                writer.started(trial, 1, 0.5)
                writer.record(rows.attempt(trial) if kind is None else made.attempt(trial, 1, kind, usd=None))
            writer.started(rows.trial(9), 1, 0.25)
        job = crew.Job(**JOB, terms=Terms(), folder=recorder.path, done=frozenset({"earlier"}), before={"older": 2})
        work = crew.work(job, [(made.provider("alpha"),)], 10)
        left = work.remains("1", work.shares[0])
        told = work.job("2", work.shares[0], left)
    answered = rows.trial(0).ref.trial_id
    assert (left.tally.done, left.tally.failed, left.tally.attempts, left.in_flight) == (1, 0, 4, 1)
    assert left.tally.spend_usd == pytest.approx(0.00025)
    # what was refused or never arrived is free; what ran into a time-out, or has no end, may have cost the most
    assert left.at_most_usd == pytest.approx(0.00025 + 0.5 + 0.5 + 0.25)
    assert isinstance(told, crew.Job)
    assert told.done == {"earlier", answered}
    assert (told.worker, told.names) == ("2", ("alpha",))
    assert told.before == {"older": 2, **{rows.trial(number).ref.trial_id: 1 for number in (1, 2, 3)}}


def test_a_job_goes_through_a_pipe_with_its_cache_and_never_with_a_key(tmp_path):
    with Cache(tmp_path, ttl_s=60.0) as cache:
        job = crew.Job(**JOB, terms=Terms(cache=cache, workers=2), folder=tmp_path)
        other = pickle.loads(pickle.dumps(job))
    assert other.terms.cache is not cache
    assert (other.terms.cache.file, other.terms.cache.ttl_s) == (cache.file, 60.0)
    assert (other.places, other.basis, other.anchor) == (job.places, job.basis, job.anchor)
    keyed = Provider("alpha", "openai/alpha", api_key=Secret("sk-1"))
    with pytest.raises(TypeError, match="never written down"):
        pickle.dumps(engine.Ended(Tally(0), found={"alpha": keyed}))
