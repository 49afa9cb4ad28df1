"""Live outcomes in the same form as runs: what is written, what is not, marks, and what a crash leaves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness import store
from harness.errors import WrongUse
from harness.registry import Profile
from harness.routing import Caller, Explore, Known, Router, RouterOptions
from harness.routing.recording import MARKS, LiveRecord, settle
from harness.store import Place
from tests.routing.switchable import looped, services, standing, table

ROOT = Path(__file__).parents[2]
SECRETS = ("what ails ann", "by first", "ann@example.org", "c-17")


async def asked(place: Path, *, texts=False, marks=True):
    """Three replies, one of them by the second, recorded; the folder of their run."""
    async with services("first", "second") as made:
        candidates = [one.candidate(number, priority=-number) for number, one in enumerate(made)]
        router = Router(lambda: Known(tuple(candidates)), RouterOptions(max_retries=0))
        router.record(LiveRecord(place, router.providers, texts=texts))
        ann = Caller(user="ann@example.org", conversation="c-17", labels={"team": "blue"})
        async with router:
            one = await router.ask("what ails ann?", capability="health", caller=ann, params={"temperature": 0.5})
            two = await router.ask("what ails ann?", caller=ann)
            made[0].mode = "500"
            three = await router.ask("what ails ann now?", capability="health", params={"user": "ann@example.org"})
            if marks:
                router.feedback(one.id, 0.2)
                router.feedback(one.id, 1.0)
                router.feedback(three.id, 0.0)
            assert router.stats().marks == 3 * marks
            record = router._ledger.record
            assert record is not None
        assert router.close() is None, "it is closed with the router"
        return record.path, (one, two, three)


@looped
async def test_outcomes_are_rows_like_any_others_without_texts(tmp_path):
    path, (one, two, three) = await asked(tmp_path)
    run = store.load_run(path)
    calls = run.calls()
    assert list(calls.provider) == ["first", "first", "first", "second"]
    assert list(calls.case_id) == [one.id, two.id, three.id, three.id]
    assert list(calls.capability) == ["health", "unnamed", "health", "health"]
    assert list(calls.status) == ["ok", "ok", "failed", "ok"]
    assert set(calls.suite) == {"live"}
    assert calls.latency_s.notna().sum() == 3
    assert calls.case_hash.nunique() == 3
    assert calls.cluster.nunique() == 1
    labels = dict(calls.metadata[0])
    assert labels == {"live": "true", "team": "blue", "first_choice": "first", "probability": "1", "strategy": "usual"}
    assert json.loads(calls.params_json[0]) == {"temperature": 0.5, "stream": True}
    everything = calls.to_csv()
    files = b"".join(one.read_bytes() for one in path.rglob("*") if one.is_file())
    for secret in SECRETS:
        assert secret not in everything
        assert secret.encode() not in files


@looped
async def test_texts_are_kept_where_they_are_wanted(tmp_path):
    path, _ = await asked(tmp_path, texts=True)
    calls = store.load_run(path).calls()
    assert "what ails ann?" in calls.messages_json[0]
    assert calls.text[0] == "by first"
    assert dict(calls.metadata[0])["user"] == "ann@example.org"


@looped
async def test_marks_are_scores_and_the_last_one_counts(tmp_path):
    path, (one, two, three) = await asked(tmp_path)
    scores = store.load_run(path).scores()
    told = {
        (case, who): (state, value)
        for case, who, state, value in zip(
            scores.case_id, scores.provider, scores.state, scores.value.fillna(-1), strict=True
        )
    }
    assert told == {
        (one.id, "first"): ("scored", 1.0),
        (two.id, "first"): ("unscored", -1),
        (three.id, "first"): ("failed", -1),
        (three.id, "second"): ("scored", 0.0),
    }
    assert set(scores.scorer) == {"feedback"}


@looped
async def test_a_mark_that_comes_later_counts_when_the_next_router_starts(tmp_path):
    path, (_one, two, _three) = await asked(tmp_path)
    later = LiveRecord(tmp_path, {})
    later.mark(two.id, 0.5)
    with (path / MARKS).open("ab") as file:
        file.write(b'["torn by a cra')
    settle(Place.of(tmp_path))
    scores = store.load_run(path).scores().set_index("case_id")
    assert scores.loc[two.id, "value"] == 0.5
    later.close()
    for unknown in ("nonsense", "20200101-000000-abcd.1", "../../etc.1"):
        with pytest.raises(WrongUse, match="there is no reply"):
            later.mark(unknown, 0.5)


KILLED = """
import asyncio, os, sys
from harness.routing import Known, Router
from harness.routing.recording import LiveRecord
from tests.routing.switchable import services

async def main():
    async with services("only") as made:
        router = Router(lambda: Known((made[0].candidate(),)))
        record = LiveRecord(sys.argv[1], router.providers)
        router.record(record)
        routed = await router.ask("?")
        router.feedback(routed.id, 0.75)
        os.kill(os.getpid(), 9)

asyncio.run(main())
"""


def test_what_a_killed_router_recorded_is_there(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=ROOT)
    assert done.returncode == -9
    settle(Place.of(tmp_path))
    (run,) = (store.open_run(one.path, tmp_path) for one in store.runs_in(tmp_path / "runs"))
    assert run.state == "interrupted"
    assert run.scores().value.tolist() == [0.75]


@looped
async def test_marks_of_earlier_routers_count_for_exploration(tmp_path):
    await asked(tmp_path)
    async with services("first", "second") as made:
        candidates = tuple(one.candidate(place) for place, one in enumerate(made))
        router = Router(lambda: Known(candidates), RouterOptions(explore=Explore(share=1.0)))
        before = router.pick(capability="health").probability
        router.record(LiveRecord(tmp_path, router.providers))
        after = router.pick(Profile(providers=("first",)), capability="health")
        assert router._beliefs is not None
        assert router._beliefs.beta(candidates[0], "health") == pytest.approx((2.0, 1.0), abs=1e-3)
        assert router._beliefs.beta(candidates[1], "health") == pytest.approx((1.0, 2.0), abs=1e-3)
        assert before == pytest.approx(0.5, abs=0.05)
        assert after.name == "first"
        router.close()


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.5}, {"prior_mass": 0.0}, {"half_life_days": 0.0}])
def test_exploring_with_numbers_that_make_no_sense_is_refused(wrong):
    with pytest.raises(WrongUse):
        Explore(**wrong)


@looped
async def test_a_record_that_breaks_costs_nobody_an_answer(tmp_path):
    async with services("only") as made:
        router = Router(lambda: Known((made[0].candidate(),)))
        record = LiveRecord(tmp_path, router.providers)
        router.record(record)
        record._recorder._writer.close()  # as a full disk would end it
        with pytest.warns(UserWarning, match="outcomes are recorded no more: .* is closed"):
            assert (await router.ask("?")).text == "by only"
        assert (await router.ask("?")).text == "by only"
        assert "is closed" in router.stats().unrecorded
        router.close()


@looped
async def test_feedback_that_makes_no_sense_is_refused(tmp_path):
    async with services("only") as made:
        router = Router(lambda: Known((made[0].candidate(),)))
        routed = await router.ask("?")
        with pytest.raises(WrongUse, match="from 0 to 1"):
            router.feedback(routed.id, 1.5)
        with pytest.raises(WrongUse, match="there is no reply 'other' among the last 10,000, and nothing is recorded"):
            router.feedback("other", 1.0)
        router.feedback(routed.id, 1.0)
        assert router.stats().marks == 1


@looped
async def test_exploration_learns_of_marks_and_states_its_price():
    async with services("known", "new") as made:
        candidates = (
            made[0].candidate(measured={"all": standing("known", 0.8, cost=0.001)}),
            made[1].candidate(1, measured={"all": standing("new", 0.7, cost=0.002)}),
        )
        options = RouterOptions(explore=Explore(share=0.5), seed=5)
        router = Router(lambda: Known(candidates, table=table({"math": {"known": 1.0}})), options)
        async with router:
            before = router.pick(capability="math")
            price = before.plan.price
            assert price is not None
            assert 0.01 < price.share < 0.2
            assert 0 < price.quality < 0.02
            assert price.usd_per_1000 == pytest.approx(1000 * 0.001 * price.share)
            assert "exploring in 'math' sends" in before.why
            replies = [await router.ask("?", capability="math") for _ in range(60)]
            assert {one.provider for one in replies} == {"known", "new"}
            for one in replies:
                router.feedback(one.id, float(one.provider == "new"))
            after = router.pick(capability="math").plan
            assert after.weights[after.ranking.names.index("new")] == pytest.approx(0.5, abs=0.01)
            assert after.price is not None
            assert after.price.quality < 0, "it is better by now than what the weights say"
