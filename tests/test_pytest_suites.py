"""Suites asked from pytest: each a pytest of its own in a project of its own, against servers on loopback."""

import json
import os
import re
import shlex
import signal
import threading
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import harness
from harness.ask import Gate
from harness.errors import HarnessError, WrongUse
from harness.pytest_plugin.asking import how
from harness.pytest_plugin.once import once
from harness.stats import wilson
from tests.cli.conftest import call
from tests.cli.loopback import loopback
from tests.test_pytest_plugin import QUICK, run, started

SUMS = """\
capability: arithmetic
tags: [math]
score: exact
params: {max_tokens: 20}
cases:
  - {id: two, prompt: What is 2 + 2?, expect: "4", tags: [smoke]}
  - {id: three, prompt: What is 3 + 3?, expect: "6"}
  - {id: dear, prompt: What is 1 + 3?, score: {cost: {max_usd: 1}}}
  - {id: coded, prompt: Write four, score: {code: {tests: "assert four() == 4"}}, capability: code, tags: [slow-one]}
"""
DRAWN = """\
capability, score, count, repeat = "counting", "exact", 2, 2


def cases(rng):
    for number in (0, 4):
        yield {"id": f"count-{number}", "prompt": f"Say {number}", "expect": str(number)}
"""
REGISTRY = """\
[[providers]]
name = "{name}"
model = "openai/m-1"
base_url = "{url}"
api_key = "sk-test-0123456789abcdef"
max_retries = 0
"""
ASK = ("--harness-run=--no-warmup",)
NO_OTHERS = [one for one in QUICK if "cacheprovider" not in one]
"""The plugins left out where `--lf` is wanted."""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n")
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "sums.yaml").write_text(SUMS)
    return tmp_path


@pytest.fixture
def served(project):
    """Providers `good`, which answers 4 to everything, and `down`, which fails; gives both servers."""
    with loopback("4") as good, loopback("4", status=500) as down:
        register(project, good=good.url, down=down.url)
        yield good, down


def register(project, **urls):
    text = "".join(REGISTRY.format(name=name, url=url) for name, url in urls.items())
    (project / "providers.toml").write_text(text + "[fallback]\nenabled = false\n")


def prompts(server):
    return sorted(body["messages"][-1]["content"] for body in server.bodies)


def one_run(project):
    (folder,) = (project / "reports" / "runs").iterdir()
    return harness.load_run(folder)


def reported(project):
    """What --junitxml says of each item: its name and one of passed, failure, error, skipped."""
    root = ET.parse(project / "x.xml").getroot()
    found = {}
    for case in root.iter("testcase"):
        tags = [one.tag for one in case if one.tag in {"failure", "error", "skipped"}]
        found[case.get("name")] = tags[0] if tags else "passed"
    return found


def test_each_item_reports_its_own_verdict_and_no_answer_is_no_wrong_answer(project, served):
    good, down = served
    done = run(project, "suites", "--providers", "good,down", "--junitxml=x.xml", "-rA", *ASK)
    assert done.returncode == 1, done.stdout + done.stderr
    assert reported(project) == {
        "two[good-1]": "passed", "three[good-1]": "failure", "dear[good-1]": "failure", "coded[good-1]": "skipped",
        "two[down-1]": "error", "three[down-1]": "error", "dear[down-1]": "error", "coded[down-1]": "error",
    }  # fmt: skip
    out = done.stdout
    assert "FAILED suites/sums.yaml::three[good-1] - WrongAnswer: exact: it is not '6'" in out
    assert "  prompt    What is 3 + 3?\n  case      suites/sums.yaml:7, asked of good in " in out
    assert "  reply     4\n  expected  6\n" in out
    assert "could not be judged: cost: its cost is unknown" in out
    assert "code is not run unless it is allowed: --harness-run=--allow-code" in out
    assert "down did not answer: server_error: " in out
    assert "asking 8 questions of good, down" in out
    assert "8 of 8 questions asked, 4 without an answer" in out
    assert "sk-test" not in out + done.stderr
    assert "Traceback" not in out
    assert (len(good.bodies), len(down.bodies)) == (4, 4)
    recorded = one_run(project)
    assert (recorded.state, recorded.info.planned, len(recorded.calls()), len(recorded.scores())) == (
        "complete",
        8,
        8,
        8,
    )
    assert f"harness report {recorded.run_id}" in out


def test_only_what_is_selected_is_asked_and_the_last_failed_again(project, served):
    good, down = served
    (project / "suites" / "suite_drawn.py").write_text(DRAWN)
    done = run(project, "suites", "--providers", "good,down", "-k", "good", "-m", "not slow-one", "-v", *ASK)
    assert down.bodies == []
    assert prompts(good) == ["Say 0", "Say 0", "Say 4", "Say 4", "What is 1 + 3?", "What is 2 + 2?", "What is 3 + 3?"]
    passed = [line.split()[0] for line in done.stdout.splitlines() if " PASSED " in line]
    assert sorted(passed) == [
        "suites/suite_drawn.py::count-4[good-1]", "suites/suite_drawn.py::count-4[good-2]", "suites/sums.yaml::two[good-1]",
    ]  # fmt: skip
    good.bodies.clear()
    run(project, "suites", "--providers", "good", "-k", "three or two or count-0", *ASK, off=NO_OTHERS)
    good.bodies.clear()
    done = run(project, "suites", "--providers", "good", "--lf", "-x", *ASK, off=NO_OTHERS)
    assert prompts(good) == ["Say 0", "Say 0", "What is 3 + 3?"]
    assert "1 failed" in done.stdout
    assert "stopping after 1 failures" in done.stdout
    good.bodies.clear()
    listed = run(project, "suites/sums.yaml::two[good-1]", "--providers", "good", "--collect-only", "-q")
    assert "suites/sums.yaml::two[good-1]" in listed.stdout
    assert good.bodies == [], "what is only collected is not asked"


def test_with_xdist_one_process_asks_and_the_others_read(project, served):
    good, _ = served
    done = run(project, "suites", "--providers", "good", "-n", "2", "--junitxml=x.xml", *ASK)
    assert done.returncode == 1, done.stdout + done.stderr
    assert set(reported(project).values()) == {"passed", "failure", "skipped"}
    assert len(good.bodies) == 4, "nothing is asked twice"
    assert f"harness report {one_run(project).run_id}" in done.stdout
    trouble = run(project, "suites", "--providers", "nobody", "-n", "2", "-k", "two")
    assert "no provider is called 'nobody'" in trouble.stdout
    assert "1 error" in trouble.stdout


class AllAtOnce(BaseHTTPRequestHandler):
    """Answers only when so many requests wait for their answers: one that asks one after the other gets none."""

    protocol_version = "HTTP/1.1"
    meeting = threading.Barrier(32, timeout=60)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        try:
            self.meeting.wait()
            status, text = (
                200,
                {"choices": [{"index": 0, "message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}]},
            )
        except threading.BrokenBarrierError:
            status, text = 500, {}
        body = json.dumps({"id": "1", "object": "chat.completion", "model": "m", **text}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


class Patient(ThreadingHTTPServer):
    request_queue_size = 64


def test_forty_items_of_four_providers_are_asked_at_once(project):
    cases = "".join(f'  - {{id: n{n}, prompt: "{n}?", expect: "4"}}\n' for n in range(40))
    (project / "suites" / "sums.yaml").write_text(f"capability: c\nscore: exact\ncases:\n{cases}")
    with ExitStack() as stack:
        http = stack.enter_context(Patient(("127.0.0.1", 0), AllAtOnce))
        stack.callback(http.shutdown)
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}).start()
        names = ["a", "b", "c", "d"]
        register(project, **dict.fromkeys(names, f"http://127.0.0.1:{http.server_port}/v1"))
        done = run(project, "suites", "--providers", ",".join(names), "-q", *ASK)
    assert "160 passed" in done.stdout, done.stdout[-3000:]


GATED = """\
capability: arithmetic
score: exact
gate: {{min_quality: {least}, min_reliability: 0.3}}
cases:
  - {{id: two, prompt: What is 2 + 2?, expect: "4"}}
  - {{id: three, prompt: What is 3 + 1?, expect: "4"}}
  - {{id: four, prompt: What is 4 + 0?, expect: "4"}}
  - {{id: five, prompt: What is 5 + 0?, expect: "5"}}
"""


def test_a_gate_decides_on_all_cases_together(project, served):
    good, _ = served
    (project / "suites" / "sums.yaml").write_text(GATED.format(least=0.3))
    done = run(project, "suites", "--providers", "good", "--junitxml=x.xml", "-rx", *ASK)
    assert done.returncode == 0, done.stdout
    assert reported(project) == {
        "two[good-1]": "passed", "three[good-1]": "passed", "four[good-1]": "passed", "five[good-1]": "skipped", "gate[good]": "passed",
    }  # fmt: skip
    assert "wrong, counted by the gate: exact: it is not '5'" in done.stdout
    assert one_run(project).gates == {"sums": Gate(0.3, 0.3)}, "what `harness report` holds it against"
    without = run(project, "suites", "--providers", "good", "-k", "five", *ASK)
    assert "1 failed" in without.stdout, "where the gate is not selected, a wrong answer is one"
    (project / "suites" / "sums.yaml").write_text(GATED.format(least=0.9))
    failed = run(project, "suites", "--providers", "good,down", *ASK, off=NO_OTHERS)
    assert failed.returncode == 1
    low, high = wilson(3, 4)
    assert (
        f"quality 0.750 ({low:.3f} to {high:.3f}) over 4 scored cases: its lower bound is below 0.9; even with"
        in failed.stdout
    )
    assert "even with all of them right it takes 35" in failed.stdout
    assert re.search(
        r"reliability 0\.000 \(0\.000 to 0\.\d+\) over 4 questions: its lower bound is below 0\.3", failed.stdout
    )
    assert "2 failed, 3 passed, 5 xfailed" in failed.stdout
    good.bodies.clear()
    again = run(project, "suites", "--providers", "good,down", "--lf", *ASK, off=NO_OTHERS)
    assert "2 failed" in again.stdout
    assert len(good.bodies) == 4, "a gate that is selected alone asks for its suite"


OWN = """
import pytest

@pytest.mark.suite_gate(min_quality={least})
@pytest.mark.parametrize("n", range(8))
def test_sum(llm, n):
    assert llm(f"{{n}}?") == ("4" if n else "5")

def test_alone(llm):
    assert llm("alone?") == "4"
"""


def test_marked_tests_pass_or_fail_together_and_what_they_ask_is_recorded(project, served):
    good, _ = served
    done = run(project, "--providers", "good", "-v", test_it=OWN.format(least=0.5))
    assert done.returncode == 0, done.stdout
    assert "8 passed, 1 xfailed" in done.stdout
    low, high = wilson(7, 8)
    told = f"test_it.py::test_sum[good]: 7 of 8 passed, 0.875 ({low:.3f} to {high:.3f}): its lower bound is"
    assert f"PASSED {told} at least 0.5" in done.stdout
    calls = one_run(project).calls()
    assert len(calls) == len(good.bodies) == 9
    tests = {dict(labels)["test"] for labels in calls["metadata"]}
    assert "test_it.py::test_alone[good]" in tests
    assert len(tests) == 9
    strict = run(project, "--providers", "good", test_it=OWN.format(least=0.9))
    assert strict.returncode == 1
    assert f"FAILED {told} below 0.9" in strict.stdout
    wrong = run(project, "--providers", "good", test_it=OWN.format(least=2))
    assert wrong.returncode == pytest.ExitCode.USAGE_ERROR
    assert "the mark is suite_gate(min_quality=0.9), with a number between 0 and 1" in wrong.stderr


JUDGED = """\
capability: support
params: {max_tokens: 20}
cases:
  - {id: kind, prompt: What is 2 + 2?, score: {judge: {rubric: Right., scale: 3, judges: [kind]}}}
  - {id: stern, prompt: What is 3 + 3?, score: {judge: {rubric: Right., scale: 3, judges: [stern]}}}
  - {id: lost, prompt: What is 4 + 4?, score: {judge: {rubric: Right., scale: 3, judges: [lost]}}}
  - {id: spared, prompt: What is 5 + 5?, score: {judge: {rubric: Right., scale: 3, judges: [kind]}}}
"""
VERDICTS = {
    "kind": '{"reasoning": "so", "grade": 3}',
    "stern": '{"reasoning": "not six", "grade": 1}',
    "lost": "Who knows?",
}
TERMS = "prices = {{input = 1, output = 1}}\nmax_output_tokens = 50\n{}"


def test_an_item_has_the_verdict_of_the_judge_that_was_asked_about_its_reply(project, served):
    good, _ = served
    (project / "suites" / "sums.yaml").write_text(JUDGED)
    with ExitStack() as stack:
        judges = {name: stack.enter_context(loopback(text)) for name, text in VERDICTS.items()}
        entries = [REGISTRY.format(name="good", url=good.url) + TERMS.format("")]
        for name, one in judges.items():
            text = REGISTRY.format(name=name, url=one.url).replace("openai/m-1", "openai/qwen-judge")
            entries.append(text + TERMS.format('judge = "only"\n'))
        (project / "providers.toml").write_text("".join(entries))
        more = ("-k", "not spared", "--junitxml=x.xml")
        done = run(project, "suites", "--providers", "good", *more, *ASK)
        asked = {name: len(one.bodies) for name, one in judges.items()}
    assert done.returncode == 1, done.stdout + done.stderr
    assert reported(project) == {"kind[good-1]": "passed", "stern[good-1]": "failure", "lost[good-1]": "failure"}
    assert asked == {"kind": 1, "stern": 1, "lost": 1}, "nothing is asked about what is not selected"
    before, _, after = done.stdout.partition("FAILURES")
    assert re.search(r"judging: up to 1 question to kind, at most about \$0\.0\d+, once the replies are there", before)
    assert "judge: not six" in after
    assert "could not be judged: judge: the judge lost answered off its form" in after
    calls, scores = one_run(project).calls(), one_run(project).scores()
    assert sorted(calls.loc[calls["phase"] == "judge", "provider"]) == ["kind", "lost", "stern"]
    assert set(zip(scores["case_id"], scores["state"], scores["value"].fillna(-1), strict=True)) == {
        ("kind", "scored", 1.0), ("stern", "scored", 0.0), ("lost", "unscored", -1.0),
    }  # fmt: skip


def test_ctrl_c_while_pytest_asks_keeps_what_was_recorded_and_says_how_to_go_on(project, served, monkeypatch):
    good, _ = served
    good.holds_from = 3
    with started(project, "suites", "--providers", "good", "--harness-run=--no-warmup --concurrency=1") as child:
        try:
            assert good.held.wait(60)
            os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to the whole group
            out, err = child.communicate(timeout=60)
        finally:
            good.let_go.set()
            child.kill()
    assert child.returncode == pytest.ExitCode.INTERRUPTED, out + err
    assert "Traceback" not in out + err
    assert "2 of 4 questions asked" in out
    recorded = one_run(project)
    assert recorded.state == "interrupted"
    assert f"interrupted; what was asked is recorded in {recorded.path}" in out
    assert recorded.calls().query("status == 'ok'")["case_id"].nunique() == 2
    assert len(recorded.scores()) == 3, "what was asked is judged; the third was given up"
    (words,) = re.findall(r"to go on, in .*: `harness (run .*)` asks the rest", out)
    good.holds_from = None
    monkeypatch.chdir(project)
    said = call(*shlex.split(words))
    assert said.code == 0, said.err
    assert one_run(project).state == "complete"
    held = good.bodies[2]["messages"][-1]["content"]
    every = ["What is 1 + 3?", "What is 2 + 2?", "What is 3 + 3?", "Write four"]
    assert prompts(good) == sorted([*every, held]), "what was answered is not asked again"


def test_a_suite_that_says_something_wrong_is_told_with_file_and_line_and_nothing_is_asked(project, served):
    good, _ = served
    (project / "suites" / "other.yaml").write_text(
        "capability: c\nscore: exat\ncases:\n  - {id: a, prompt: hi, expect: x}\n"
    )
    done = run(project, "suites", "--providers", "good", *ASK)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "other.yaml:4: there is no scorer 'exat'; did you mean 'exact'?" in done.stdout
    assert "ERROR collecting suites/other.yaml" in done.stdout
    (project / "suites" / "other.yaml").unlink()
    (project / "more").mkdir()
    (project / "more" / "docker.yaml").write_text("services: {}\n")
    (project / "more" / "sums.yaml").write_text(SUMS)
    twice = run(project, "suites", "more", "--providers", "good", *ASK)
    assert "two suites are called sums: " in twice.stderr
    assert twice.returncode == pytest.ExitCode.USAGE_ERROR, "more/docker.yaml has no cases and is no suite"
    assert good.bodies == []


def test_suites_that_the_command_line_does_not_name_are_not_asked(project, served):
    good, _ = served
    for words in ([], ["."]):
        done = run(project, *words, "--providers", "good", test_it="def test_own():\n    pass\n")
        assert "1 passed" in done.stdout
    assert good.bodies == []


PRICES = """\
max_retries = 0
[providers.prices]
input = 1
output = 1
"""


def test_a_budget_that_is_spent_leaves_items_that_were_not_asked(project, served):
    good, _ = served
    text = (project / "providers.toml").read_text()
    (project / "providers.toml").write_text(text.replace("max_retries = 0\n", PRICES, 1))
    done = run(project, "suites", "--providers", "good", "--harness-run=--no-warmup --budget 0.00001")
    assert done.returncode == 1, done.stdout
    assert "good was not asked: The run ended early" in done.stdout
    assert good.bodies == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--budgte 2", "unrecognized arguments: --budgte"),
        ("-k sum", "'keyword' is not for here: pytest's own arguments say that"),
        ("other.yaml", "'suites' is not for here"),
        ("--only fast", "'only' is not for here"),
        ("--resume", "'resume' is not for here: a run in pytest cannot do that"),
        ("--rate 5", "'rate' is not for here"),
        ("--concurrency 1,2", "give one --concurrency"),
        ("--metadata 'a=b", "No closing quotation"),
    ],
)
def test_words_that_do_not_fit_are_refused(words, said):
    with pytest.raises(WrongUse, match=said):
        how(words, Path())


def test_the_words_of_a_run_are_understood(tmp_path):
    told = how("--budget 2 --limit 3 --seed 7 --repeat 2 --allow-code --max-retries 0 --reports elsewhere", tmp_path)
    assert (told.terms.budget_usd, told.terms.patience.max_retries, told.terms.workers) == (2, 0, 1)
    assert (told.selection.limit, told.selection.seed, told.selection.repeat) == (3, 7, 2)
    assert told.allow_code
    assert (told.places.providers, told.places.reports) == (tmp_path / "providers.toml", "elsewhere")


def test_what_the_one_that_asked_could_not_do_the_others_do_not_try(tmp_path):
    tries = []

    def ask():
        tries.append(1)
        raise WrongUse("no such luck")

    for _ in range(2):
        with pytest.raises(HarnessError, match="no such luck"):
            once(tmp_path, ask)
    assert len(tries) == 1


def test_a_gate_is_read_from_both_kinds_of_suites(tmp_path):
    (tmp_path / "a.yaml").write_text(GATED.format(least=0.9))
    (tmp_path / "suite_b.py").write_text(f'gate = {{"min_quality": 0.8}}\n{DRAWN}')
    from harness.load import suites  # noqa: PLC0415 - beside its use

    first, second = suites([tmp_path])
    assert (first.gate, second.gate) == (Gate(0.9, 0.3), Gate(0.8))
