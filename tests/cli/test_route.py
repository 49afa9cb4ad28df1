"""`route`: proposing, applying, going back; what must never harm the routes in force."""

import json
import subprocess
import sys
import tomllib

import pytest

from harness import store
from harness.errors import ExitCode
from tests.cli.conftest import call

ROWS = """case_id,capability,provider,score,cost_usd,latency_s
{}
"""


def import_table(project, marks, name="table", **figures):
    """A run of a table: `marks` has each provider's scores by capability; returns its id."""
    cost, seconds = figures.get("costs", {}), figures.get("seconds", {})
    lines = [
        f"{capability}{number},{capability},{provider},{value},{cost.get(provider, 0.001)},{seconds.get(provider, 1)}"
        for capability, mine in marks.items()
        for provider, values in mine.items()
        for number, value in enumerate(values)
    ]
    (project / f"{name}.csv").write_text(ROWS.format("\n".join(lines)))
    return json.loads(call("import", project / f"{name}.csv", "--json").out)["run"]


FIRST = {
    "math": {"a": [1] * 40, "b": [0] * 20 + [1] * 20},
    "facts": {"a": [1] * 30 + [0] * 10, "b": [1] * 20 + [0] * 20},
}
SECOND = {"math": {"a": [0] * 20 + [1] * 20, "b": [1] * 40}, "facts": FIRST["facts"]}


def weights(project):
    table = tomllib.loads((project / "reports" / "routing.toml").read_text())
    return {name: max(route["weights"], key=route["weights"].get) for name, route in table["routes"].items()}


@pytest.fixture
def routed(project):
    """Routes of a first run in force, and a second run in which another provider is better at math."""
    first = import_table(project, FIRST)
    assert call("route", first, "--apply").code == ExitCode.FINE
    return project, import_table(project, SECOND, "second")


def test_a_proposal_is_a_candidate_and_what_it_replaces_is_retired(routed):
    project, second = routed
    reports = project / "reports"
    before = (reports / "routing.toml").read_bytes()
    said = call("route", second)
    assert "math: a 100 % → b 99 %, a 1 % (shift): b is better than a (" in said.out
    assert (reports / "routing.toml").read_bytes() == before
    candidate = tomllib.loads((reports / "latest" / "routing.toml").read_text())
    assert candidate["status"] == "candidate"
    assert call("route", second, "--apply").code == ExitCode.FINE
    active = tomllib.loads((reports / "routing.toml").read_text())
    assert (active["status"], weights(project)) == ("active", {"math": "b", "facts": "a"})
    (retired,) = (reports / "routing").glob("*.toml")
    assert retired.stem == active["parent"]
    assert retired.read_bytes().replace(b'"retired"', b'"active"') == before


def test_going_back_restores_the_file_byte_for_byte_and_forward_again(routed):
    project, second = routed
    file = project / "reports" / "routing.toml"
    before = file.read_bytes()
    call("route", second, "--apply")
    after = file.read_bytes()
    said = call("route", "--rollback")
    assert said.code == ExitCode.FINE
    assert "math: b 99 %, a 1 % → a 100 %" in said.out
    assert "is as it was before" in said.out
    assert file.read_bytes() == before
    call("route", second, "--apply")
    assert file.read_bytes() == after


def test_there_is_nothing_before_the_first_routes(routed):
    project, _ = routed
    before = (project / "reports" / "routing.toml").read_bytes()
    said = call("route", "--rollback")
    assert said.code == ExitCode.WRONG_USE
    assert "these are the first routes" in said.err
    assert (project / "reports" / "routing.toml").read_bytes() == before
    (project / "reports" / "routing.toml").unlink()
    assert "there is no" in call("route", "--rollback").err
    assert call("route", "--rollback", "--apply").code == ExitCode.WRONG_USE


@pytest.mark.parametrize("damage", ["gone", "edited"])
def test_going_back_needs_the_table_that_was(routed, damage):
    project, second = routed
    call("route", second, "--apply")
    file = project / "reports" / "routing.toml"
    (retired,) = (project / "reports" / "routing").glob("*.toml")
    if damage == "gone":
        retired.unlink()
    else:
        retired.write_text(retired.read_text().replace("margin = 0.0", "margin = 0.5"))
    before = file.read_bytes()
    said = call("route", "--rollback")
    assert said.code == ExitCode.WRONG_USE
    assert "take it from version control" in said.err
    assert file.read_bytes() == before


def test_the_same_evidence_gives_the_same_file_however_often_it_is_applied(routed):
    project, second = routed
    file = project / "reports" / "routing.toml"
    call("route", second, "--apply")
    before = file.read_bytes()
    again = call("route", second, "--apply")
    assert again.code == ExitCode.FINE
    assert file.read_bytes() == before
    assert len(list((project / "reports" / "routing").glob("*.toml"))) == 1
    assert "has these routes already" in call("route", second).out


def test_while_another_process_applies_the_second_is_refused(routed):
    project, second = routed
    file = project / "reports" / "routing.toml"
    before = file.read_bytes()
    with store.Lock(project / "reports" / "routing"):
        for words in (["--apply", second], ["--rollback"]):
            said = call("route", *words)
            assert said.code == ExitCode.BROKEN
            assert "is being written by another process (process " in said.err
            assert said.err.strip().endswith("wait until it has changed the routes")
    assert file.read_bytes() == before


def test_of_several_that_apply_at_once_each_is_done_or_told_why_not(routed):
    project, second = routed
    command = [sys.executable, "-m", "harness", "route", second, "--apply"]
    floors = ("0.8", "0.81", "0.82")
    children = [
        subprocess.Popen([*command, f"--confidence={one}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for one in floors
    ]
    said = [(child.communicate()[1], child.returncode) for child in children]
    assert ("", 0) in said
    for error, code in said:
        assert code == 0 or "was changed since these routes were proposed" in error or "another process" in error
    assert weights(project)["math"] == "b"
    assert not list((project / "reports").glob("*.new"))


def test_a_provider_that_nobody_knows_is_named_with_its_line_and_the_routes_stay(routed):
    project, second = routed
    file = project / "reports" / "routing.toml"
    text = file.read_text().replace('incumbent = "a"', 'incumbent = "zeta"').replace("a = 1.0", "zeta = 1.0")
    file.write_text(text)
    said = call("route", second, "--apply")
    assert said.code == ExitCode.WRONG_USE
    assert "routes.math.weights.zeta: there is no provider 'zeta'" in said.err
    assert f"routing.toml:{text[: text.index('zeta = 1.0')].count(chr(10)) + 1}:" in said.err
    assert file.read_text() == text
    assert call("route", second, "--apply", "--force").code == ExitCode.FINE
    assert weights(project) == {"math": "b", "facts": "a"}


def test_a_damaged_file_stays_and_is_complained_of(routed):
    project, second = routed
    file = project / "reports" / "routing.toml"
    damaged = file.read_bytes()[:-30]
    file.write_bytes(damaged)
    for words in ([second, "--apply"], [second, "--apply", "--force"], ["--rollback"]):
        said = call("route", *words)
        assert said.code == ExitCode.WRONG_USE
        assert "routing.toml" in said.err
    assert file.read_bytes() == damaged


def test_an_interruption_while_it_writes_leaves_the_routes_in_force(routed, monkeypatch):
    project, second = routed
    file = project / "reports" / "routing.toml"
    before = file.read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", interrupted)
        assert call("route", second, "--apply").code == ExitCode.INTERRUPTED
    assert not list((project / "reports").rglob("*.new"))
    assert file.read_bytes() == before
    assert call("route", second, "--apply").code == ExitCode.FINE


def test_routes_for_cost_keep_the_floor(project):
    marks = {"math": {"dear": [1] * 190 + [0] * 10, "fair": [1] * 191 + [0] * 9, "poor": [1] * 100 + [0] * 100}}
    run = import_table(project, marks, costs={"dear": 0.01, "fair": 0.005, "poor": 0.0001})
    call("route", run, "--apply")
    said = call("route", run, "--objective", "cost", "--floor", "0.04", "--json")
    (route,) = json.loads(said.out)["routes"]
    assert route["weights"] == {"fair": 1.0}
    assert route["why"].endswith("; left out: poor below the floor.")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--objective=beauty"], "invalid choice: 'beauty'"),
        (["--objective=latency"], "say how long a reply may take"),
        (["--objective=dollars"], "say what a solved task is worth"),
        (["--objective=dollars", "--solved-usd=much"], "'much' is not an amount of USD"),
        (["--slo=-1"], "'-1' is not a time in seconds"),
        (["--floor=2"], "'2' is not a number between 0 and 1"),
        (["--half-life=soon"], "'soon' is not a length of time"),
    ],
)
def test_what_makes_no_sense_is_said(routed, words, complaint):
    said = call("route", *words)
    assert said.code == ExitCode.WRONG_USE
    assert complaint in said.err


def test_earlier_runs_of_the_same_kind_count_unless_runs_are_named(copied):
    runs = copied / "runs"
    (one,) = runs.iterdir()
    said = json.loads(call("route", "--reports", copied, "--json").out)
    assert said["run_ids"] == [one.name]
    words = ["run", "suites/facts.yaml", "--only=sim-swift,sim-careful", "--limit=3", "--reports", copied]
    assert call(*words).code == ExitCode.FINE
    both = call("route", "--reports", copied, "--json")
    assert json.loads(both.out)["run_ids"] == sorted(path.name for path in runs.iterdir())
    assert "evidence: 2 runs, from" in both.err
    alone = json.loads(call("route", "latest", "--reports", copied, "--json").out)
    assert len(alone["run_ids"]) == 2, "the routes in force rest on the first run as well"
