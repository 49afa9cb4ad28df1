"""A model as judge, from end to end: over real HTTP, with judges that err, babble, refuse, ramble and are down."""

import dataclasses
import json
import signal
import subprocess
import sys

import pytest

import harness
from harness import judges, load, registry, store
from harness.ask import Criterion
from harness.bench import Bench
from harness.errors import ExitCode, WrongUse
from tests.cli.conftest import call
from tests.cli.loopback import loopback

JUDGES = ("judge", "judge-babbles", "judge-refuses", "judge-rambles", "judge-down")
FLEET = """
[[providers]]
name = "sim-swift"
simulated = "swift"
model = "openai/sim-swift"
embedding_model = "openai/sim-swift-embed"
embedding_price = 0.10
prices = {input = 0.1, output = 0.4}
max_output_tokens = 100
[[providers]]
name = "sim-careful"
simulated = "careful"
model = "anthropic/sim-careful"
prices = {input = 3, output = 15}
max_output_tokens = 100
[fallback]
max_retries = 0
"""
JUDGE = """
[[providers]]
name = "{0}"
simulated = "{0}"
model = "openai/{0}"
judge = "only"
prices = {{input = 2, output = 8}}
max_output_tokens = 2000
"""
SUITE = """
capability: support
params: {max_tokens: 40}
cases:
  - {id: fine, prompt: What is 2 + 2?, reference: "4", distractor: "5", score: {judge: {rubric: Right and short., scale: 5, judges: [judge]}}}
  - {id: babbles, prompt: What is 3 + 3?, reference: "6", distractor: "7", score: {judge: {rubric: Right., judges: [judge-babbles]}}}
  - {id: refuses, prompt: What is 4 + 4?, expect: "8", reference: "8", distractor: "9", score: {judge: {judges: [judge-refuses]}}}
  - {id: rambles, prompt: What is 5 + 5?, expect: "10", reference: "10", distractor: "9", score: {judge: {judges: [judge-rambles]}}}
  - {id: down, prompt: What is 6 + 6?, expect: "12", reference: "12", distractor: "9", score: {judge: {judges: [judge-down]}}}
  - {id: better, prompt: What is 7 + 7?, reference: "14", distractor: "13", score: {judge: {pairwise: true, against: sim-careful, judges: [judge]}}}
  - {id: near, prompt: Who barks?, expect: A dog barks, reference: A dog barks, distractor: Nobody here, score: {similarity: {threshold: 0.9}}}
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """One run in which every kind of judge has something to say; with what `harness run` printed."""
    place = tmp_path_factory.mktemp("judged")
    (place / "providers.toml").write_text(FLEET + "".join(JUDGE.format(name) for name in JUDGES))
    (place / "support.yaml").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        said = call("run", "support.yaml")
    return place, said


def the_run(place):
    return harness.load_run(place / "reports" / "latest")


def test_what_judging_will_cost_is_said_before_anything_is_sent(judged):
    _place, said = judged
    before = said.out.partition("\n\n")[0]
    assert (
        "judging    up to 4 questions to judge, at most about $" in before
    )  # two grades, one comparison both ways round
    for name in JUDGES[1:]:
        assert f"judging    up to 2 questions to {name}, at most about $" in before
    assert "judging    up to 2 questions to sim-swift, at most about $" in before


def test_a_judge_has_rows_and_a_cost_of_its_own(judged):
    place, said = judged
    assert said.code == ExitCode.FINE
    calls, scores = the_run(place).calls(), the_run(place).scores()
    asked = calls[calls["phase"] == "judge"]
    assert set(asked["provider"]) == {*JUDGES, "sim-swift"}
    assert (asked["capability"] == "judge").all()
    assert asked.loc[asked["status"] == "ok", "cost_usd"].gt(0).all()
    of_judge = asked[(asked["provider"] == "judge") & (asked["case_id"] == "fine")]
    assert of_judge["structured_by"].unique().tolist() == ["json_schema"]
    fine = scores[(scores["case_id"] == "fine")]
    assert set(fine["judge_trial_id"]) == set(of_judge["trial_id"])
    assert (fine["state"] == "scored").all()
    assert set(fine["extracted"]) <= {"5 of 5", "1 of 5", "2 of 5"}
    assert set(fine["scorer_version"]) == {"1 by openai/judge"}, "another judge is another scorer"


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("babbles", "the judge judge-babbles answered off its form"),
        ("refuses", "the judge judge-refuses refused"),
        ("rambles", "the judge judge-rambles was cut off by its token limit"),
        ("down", "the judge judge-down did not answer: overloaded"),
    ],
)
def test_without_a_verdict_a_reply_is_unscored_and_never_wrong(judged, case, why):
    place, said = judged
    scores = the_run(place).scores()
    rows = scores[scores["case_id"] == case]
    assert len(rows) == 2
    assert (rows["state"] == "unscored").all()
    assert rows["value"].isna().all()
    assert (rows["reason"] == why).all()
    told = " ".join(said.out.split())
    assert "8 of 14 trials have an answer that could not be judged" in told
    assert ": 0" not in told.partition("they are in no quality")[2].partition(")")[0]


def test_the_report_shows_the_cost_of_judging_apart(judged):
    place, said = judged
    calls = the_run(place).calls()
    report = call("report", "latest", "--json", "--reports", place / "reports")
    told = json.loads(report.out)
    judging = {one["judge"]: one for one in told["judging"]}
    for name in (*JUDGES, "sim-swift"):
        rows = calls[(calls["phase"] == "judge") & (calls["provider"] == name)]
        assert judging[name]["spend_usd"] == pytest.approx(rows["cost_usd"].sum())
        assert judging[name]["questions"] == rows["trial_id"].nunique()
        assert judging[name]["n_unscored"] == (0 if name in {"judge", "sim-swift"} else 2)
    assert judging["judge-down"]["answered"] == 0
    assert told["spend_usd"] == pytest.approx(calls.loc[calls["phase"] != "judge", "cost_usd"].sum())
    assert told["attempts"] == (calls["phase"] != "judge").sum()
    assert {one["provider"] for one in told["standings"]} == {"sim-swift", "sim-careful"}
    assert "Judging, its cost apart (simulated)" in said.out
    assert "Judging, its cost apart" in (place / "reports" / "latest" / "report.md").read_text()


def test_a_comparison_is_asked_both_ways_round_unless_the_replies_are_the_same(judged):
    place, _said = judged
    scores = the_run(place).scores().set_index(["case_id", "provider"])
    mine = scores.loc[("better", "sim-swift")]
    assert "by definition as good as itself" in scores.loc[("better", "sim-careful"), "reason"]
    assert scores.loc[("better", "sim-careful"), "value"] == 0.5
    if "very reply" in mine["reason"]:
        assert mine["value"] == 0.5
    else:
        assert len(set(mine["judge_trial_id"].split(","))) == 2


def test_nearness_is_a_call_too(judged):
    place, _said = judged
    calls = the_run(place).calls()
    (row, *_) = calls[(calls["phase"] == "judge") & (calls["provider"] == "sim-swift")].to_dict("records")
    assert (row["wire"], row["model_requested"]) == ("openai_embeddings", "openai/sim-swift-embed")
    assert row["cost_usd"] == pytest.approx(row["prompt_tokens"] * 1e-7)
    assert json.loads(row["text"]).keys() == {"cosine", "dimensions"}
    near = the_run(place).scores()
    assert (near.loc[near["case_id"] == "near", "state"] == "scored").all()


REAL = '[[providers]]\nname = "{0}"\nmodel = "{1}"\nbase_url = "{2}"\napi_key = "x"\nmax_retries = 0\nmax_output_tokens = 50\nprices = {{input = 1, output = 1}}\n{3}\n'
ONE = """
capability: support
params: {max_tokens: 20}
score: {judge: {rubric: Right., scale: 3}}
cases:
  - {id: a, prompt: What is 2 + 2?}
  - {id: b, prompt: What is 3 + 3?}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(ONE)
    return tmp_path


def run(*more):
    return call("run", "one.yaml", "--providers=own.toml", "--no-warmup", *more)


def registered(place, server, judge, model="openai/qwen-judge", more=""):
    text = REAL.format("mine", "openai/gpt-x", server.url, "")
    (place / "own.toml").write_text(text + REAL.format("referee", model, judge.url, f'judge = "only"\n{more}'))


def test_what_was_answered_is_never_asked_again_and_other_words_are_another_question(place):
    with loopback() as server, loopback() as judge:
        judge.text = '{"reasoning": "so", "grade": 3}'
        registered(place, server, judge)
        assert run().code == ExitCode.FINE
        assert len(judge.bodies) == 2
        again = call("score", "latest", "one.yaml", "--providers=own.toml")
        assert again.code == ExitCode.FINE
        assert "judging" not in again.out.partition("suite")[0]
        assert (len(server.bodies), len(judge.bodies)) == (2, 2)
        call("resume", "latest")
        assert (len(server.bodies), len(judge.bodies)) == (2, 2)


def test_a_judge_that_was_down_is_asked_by_score_what_is_missing(place):
    with loopback() as server, loopback() as judge:
        registered(place, server, judge)
        judge.status = 500
        run()
        found = harness.load_run("reports/latest")
        assert found.scores()["reason"].unique().tolist() == ["the judge referee did not answer: server_error"]
        judge.status, judge.text = 200, '{"reasoning": "so", "grade": 2}'
        said = call("score", "latest", "one.yaml", "--providers=own.toml")
    assert "judging  2 questions to referee, at most $" in said.out
    scores, calls = harness.load_run("reports/latest").scores(), harness.load_run("reports/latest").calls()
    assert scores["value"].tolist() == [0.5, 0.5]
    assert sorted(calls.loc[calls["phase"] == "judge", "attempt"]) == [1, 1, 2, 2]
    assert harness.load_run("reports/latest").state == "complete"


def test_a_dry_run_asks_no_judge(place):
    with loopback() as server, loopback() as judge:
        registered(place, server, judge)
        said = run("--dry-run", "--json")
        assert (server.bodies, judge.bodies) == ([], [])
    assert json.loads(said.out)["judging"][0]["questions"] == 2


def test_a_budget_holds_for_the_judges_too(place):
    with loopback() as server, loopback() as judge:
        judge.text = '{"reasoning": "so", "grade": 3}'
        registered(place, server, judge)
        said = run("--budget=0.0009")
        assert len(server.bodies) == 2
        assert judge.bodies == []
    assert said.code == ExitCode.INTERRUPTED
    found = harness.load_run("reports/latest")
    assert any(one.startswith("Judging: The run ended early: its budget of $0.0009 is spent") for one in found.notes)
    assert found.scores()["reason"].unique().tolist() == ["the judge referee was not asked"]


def test_a_model_is_not_judged_by_its_own_family_unless_that_is_allowed(place):
    with loopback() as server, loopback() as judge:
        judge.text = '{"reasoning": "so", "grade": 3}'
        registered(place, server, judge, "openai/gpt-y")
        said = run()
        assert said.code == ExitCode.WRONG_USE
        assert "mine would be judged by its own family (openai): referee" in said.err
        assert server.bodies == []
        (place / "one.yaml").write_text(ONE.replace("scale: 3", "scale: 3, same_family: true"))
        assert run().code == ExitCode.FINE


def test_without_a_judge_it_says_how_to_have_one(place):
    with loopback() as server:
        (place / "own.toml").write_text(REAL.format("mine", "openai/gpt-x", server.url, ""))
        said = run()
        assert server.bodies == []
    assert said.code == ExitCode.WRONG_USE
    assert "name one with --judge NAME, or say judge = true in its entry in own.toml" in said.err


def test_the_flag_names_the_judge(place):
    with loopback() as server, loopback() as judge, loopback() as other:
        judge.text = other.text = '{"reasoning": "so", "grade": 3}'
        registered(place, server, judge)
        with (place / "own.toml").open("a") as file:
            file.write(REAL.format("other", "openai/claude-z", other.url, ""))
        assert run("--judge=other", "--only=mine").code == ExitCode.FINE
        assert (len(judge.bodies), len(other.bodies)) == (0, 2)


def test_an_edited_rubric_is_asked_about_and_the_earlier_judging_is_kept(place):
    with loopback() as server, loopback('{"reasoning": "so", "grade": 3}') as judge:
        registered(place, server, judge)
        run()
        (place / "one.yaml").write_text(ONE.replace("Right.", "Right and kind."))
        judge.text = '{"reasoning": "so", "grade": 1}'
        dry = call("score", "latest", "one.yaml", "--providers=own.toml", "--dry-run", "--json")
        assert json.loads(dry.out)["questions"] == 2
        assert len(judge.bodies) == 2
        call("score", "latest", "one.yaml", "--providers=own.toml")
        assert (len(server.bodies), len(judge.bodies)) == (2, 4)
    found = harness.load_run("reports/latest")
    assert found.scores()["value"].tolist() == [0.0, 0.0]
    assert found.scores(scoring=1)["value"].tolist() == [1.0, 1.0]
    assert found.state == "complete"


def test_a_reply_that_settles_itself_is_not_asked_about_and_is_judged_by_the_same_judge(place):
    with (
        loopback("I'm sorry, but I can't help with that.") as server,
        loopback('{"reasoning": "so", "grade": 3}') as judge,
    ):
        registered(place, server, judge)
        run()
        assert judge.bodies == []
        scores = harness.load_run("reports/latest").scores()
        assert set(scores["reason"]) == {"refused"}
        assert set(scores["state"]) == {"unscored"}
        assert set(scores["scorer_version"]) == {"1 by openai/qwen-judge"}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_while_it_judges_goes_on_where_it_was(place, how):
    """A process of its own, killed outright or by Ctrl-C: the answered question is not asked again."""
    with loopback() as server, loopback('{"reasoning": "so", "grade": 3}') as judge:
        registered(place, server, judge, more="max_concurrency = 1\n")
        judge.holds_from = 2
        command = [sys.executable, "-m", "harness", "run", "one.yaml", "--providers=own.toml", "--no-warmup"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            assert judge.held.wait(60)
            process.send_signal(how)
            assert process.wait(60) == (ExitCode.INTERRUPTED if how == signal.SIGINT else -signal.SIGKILL)
        judge.holds_from = None
        judge.let_go.set()
        stopped = store.newest_run("reports")
        assert stopped.state == "interrupted"
        if how == signal.SIGINT:
            assert stopped.scores()["reason"].tolist().count("the judge referee did not answer: cancelled") == 1
        said = call("resume")
        assert len(server.bodies) == 2
        assert len(judge.bodies) == 3, "one was answered, one was in flight and is asked again"
    assert said.code == ExitCode.FINE
    found = harness.load_run("reports/latest")
    assert found.state == "complete"
    assert found.scores()["value"].tolist() == [1.0, 1.0]
    lost = [one for one in found.notes if "1 calls were in flight when the run was killed" in one and "referee" in one]
    assert len(lost) == (how == signal.SIGKILL)


PAIR = """
capability: support
params: {max_tokens: 20}
score: {judge: {pairwise: true, against: other, judges: [referee]}}
cases:
  - {id: a, prompt: What is 2 + 2?}
"""


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("5", 500, "the baseline other has no reply to this case"),
        ("I'm sorry, but I can't help with that.", 200, "the baseline other has no reply that could be judged"),
    ],
)
def test_without_the_baselines_reply_there_is_nothing_to_compare_with(place, text, status, why):
    (place / "one.yaml").write_text(PAIR)
    with loopback() as server, loopback(text, status) as other, loopback("{}") as judge:
        registered(place, server, judge)
        with (place / "own.toml").open("a") as file:
            file.write(REAL.format("other", "openai/gpt-z", other.url, ""))
        run()
        assert judge.bodies == []
    scores = harness.load_run("reports/latest").scores().set_index("provider")
    assert (scores.loc["mine", "state"], scores.loc["mine", "reason"]) == ("unscored", why)


def test_an_embedding_model_that_fails_leaves_a_reply_unscored(place):
    (place / "one.yaml").write_text(
        SUITE.partition("cases:")[0] + "score: similarity\ncases: [{id: a, prompt: Who?, expect: she}]\n"
    )
    with loopback() as server, loopback() as embedder:
        (place / "own.toml").write_text(
            REAL.format("mine", "openai/gpt-x", server.url, "")
            + REAL.format(
                "near", "openai/y", embedder.url, 'embedding_model = "openai/e"\nembedding_price = 1\njudge = "only"'
            )
        )
        run()
    (score,) = harness.load_run("reports/latest").scores().to_dict("records")
    assert (score["state"], score["reason"]) == ("unscored", "the embedder near did not answer: response_malformed")
    assert score["scorer_version"] == "1 by openai/e"


def test_from_python_the_judges_are_asked_too(judged, monkeypatch):
    folder, _said = judged
    monkeypatch.chdir(folder)
    places = harness.Places((folder / "support.yaml",), reports=folder / "other")
    finished = harness.run(places, harness.Selection(keyword="fine"))
    assert [one.judge for one in finished.report.judging] == ["judge"]
    assert (finished.run.scores()["state"] == "scored").all()
    assert (finished.run.calls()["phase"] == "judge").sum() >= 1


def test_a_simulated_judge_that_nobody_serves_is_said(judged):
    folder, _said = judged
    run = the_run(folder)
    known = registry.load(folder / "providers.toml", {})
    (suite,) = load.suites([folder / "support.yaml"])
    case = dataclasses.replace(suite.cases[0], criteria=(Criterion("judge", {"rubric": "Another."}),))
    heard = judges.hearing(
        run, [dataclasses.replace(suite, cases=(case,))], Bench(known, registry.Catalogue.load(), ("judge",))
    )
    assert heard.missing > 0
    with pytest.raises(WrongUse, match="judge is simulated"):
        judges.ask(run, heard, harness.Terms())
    assert judges.ask(run, judges.Hearing(), harness.Terms()) is run
