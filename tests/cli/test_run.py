import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

from harness.errors import ExitCode
from tests.cli.conftest import ROOT, call
from tests.cli.loopback import loopback

TWO = "--only=sim-swift,sim-careful"
ONE = "--only=sim-swift"
CALLS = """
    run_id trial_id attempt call_key suite suite_hash case_id case_hash cluster capability tags repeat phase
    provider wire model_requested model_served simulated replayed messages_json params_json params_dropped stream
    started_at scheduled_s queue_s throttle_s connect_s ttft_s ttfv_s latency_s chunk_count itl_p50_s itl_p95_s
    itl_max_s timing_source loop_lag_s saturated status text reasoning tool_calls_json finish_reason response_id
    fingerprint http_status failure_kind failure_side retryable retry_after_s error prompt_tokens completion_tokens
    cached_tokens cache_write_tokens reasoning_tokens token_source cost_usd cost_status price_id worker host
    harness_version litellm_version metadata
"""
SCORES = """
    run_id trial_id provider suite suite_hash case_id case_hash cluster capability repeat scorer scorer_version state
    value extracted reason judge_trial_id
"""
"""The columns as people were promised them, written down here once more."""


def rows(folder: Path, file: str = "calls") -> pd.DataFrame:
    (path,) = (folder / "reports" / "runs").glob(f"*/{file}.parquet")
    return pd.read_parquet(path)


def test_the_plan_comes_first_then_what_came_out_then_where_it_lies(recorded):
    assert recorded.said.code == ExitCode.FINE
    out = recorded.said.out
    order = [
        "suites     10 with 20 cases: facts, multilingual, refusal, arithmetic",
        "providers  sim-swift, sim-careful\n           simulated: no key is used and nothing is spent",
        "trials     40\n",
        "warm-up    one call to each provider first, not measured",
        "at most    $0.",
        "10 suites · 2 providers · 40 trials · ",
        "Quality, % of scored cases (simulated)",
        "Reliability, latency and cost (simulated)",
        "Calibration: what was measured, against what is true (simulated)",
        "Routing weights by quality (simulated)",
        "report   ",
        "plots    ",
        "Parquet  ",
        "routes   ",
    ]
    places = [out.index(words) for words in order]
    assert places == sorted(places)


def test_every_file_that_the_end_names_is_there(recorded):
    named = [word.rstrip(",") for line in recorded.said.out.splitlines()[-4:] for word in line.split()[1:]]
    sure = {"report.md", "quality_cost.png", "heatmap.png", "calls.parquet", "scores.parquet", "routing.toml"}
    timed = {"latency.png", "ttft.png"}  # not drawn on a machine too busy to time anything
    assert {Path(name).name for name in named} - timed == sure
    assert all(Path(name).stat().st_size > 500 for name in named), named


def test_everything_says_simulated(recorded):
    said = recorded.said
    assert "simulated spend" in said.out
    assert "simulated spend" in said.err
    assert "simulated" in (recorded.reports / "latest" / "report.md").read_text().splitlines()[2].lower()
    assert (recorded.reports / "routing.toml").read_text().startswith("# written by harness route; simulated: true\n")
    for file in ("calls", "scores"):
        assert pd.read_parquet(recorded.folder / f"{file}.parquet")["simulated"].all()


def test_a_label_stands_on_every_row(recorded):
    labels = pd.read_parquet(recorded.folder / "calls.parquet")["metadata"]
    assert [dict(one) for one in labels] == [{"team": "blue"}] * len(labels)


READ_WITHOUT_US = """
import sys
sys.modules["harness"] = None  # cannot be imported
sys.path = [place for place in sys.path if "main" not in place or "packages" in place]
import pandas, pyarrow.parquet
for file in sys.argv[1:]:
    table = pyarrow.parquet.read_table(file)
    frame = pandas.read_parquet(file)
    assert list(frame.columns) == table.column_names
    assert len(frame) == table.num_rows > 0
    print(*table.column_names)
"""


def test_pyarrow_and_pandas_read_the_files_with_nothing_of_ours(recorded, tmp_path):
    files = [str(recorded.folder / f"{name}.parquet") for name in ("calls", "scores")]
    command = [sys.executable, "-I", "-c", READ_WITHOUT_US, *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    calls, scores = (set(line.split()) for line in done.stdout.splitlines())
    assert calls >= set(CALLS.split())
    assert scores >= set(SCORES.split())


def test_json_is_one_document_on_stdout_and_the_story_goes_to_stderr(project):
    said = call("run", ONE, "-k", "cow", "--json", "--route")
    report = json.loads(said.out)
    assert said.code == ExitCode.FINE
    assert report["simulated"] is True
    assert report["trials"] == report["planned"] == 1
    assert report["providers"] == ["sim-swift"]
    assert said.err.index("trials     1") < said.err.index("Reliability, latency") < said.err.index("routes   reports")


def test_a_dry_run_sends_nothing_and_writes_nothing(project):
    before = sorted(project.rglob("*"))
    plain, as_json = call("run", "--dry-run", "--budget=$0.5"), call("run", "--dry-run", "--json", TWO)
    assert plain.code == as_json.code == ExitCode.FINE
    assert "trials     25\n" in plain.out
    assert "; stops before it spends more than $0.500\n" in plain.out
    plan = json.loads(as_json.out)
    assert plan["suites"] == {"animals": 2, "sums": 3}
    assert plan["trials"] == 10
    assert 0 < plan["most_usd"]["sim-swift"] < plan["most_usd"]["sim-careful"]
    swift = plan["forecast"]["sim-swift"]
    assert swift["most"]["usd"] == pytest.approx(plan["most_usd"]["sim-swift"])
    assert (swift["about"]["calls"], swift["most"]["calls"]) == (6, 16)
    assert (swift["about"]["reply_tokens"], swift["most"]["reply_tokens"]) == (5 * 20 + 16, 15 * 20 + 16)
    table = plain.out[plain.out.index("Forecast") :].splitlines()
    assert table[1].split() == ["provider", "calls", *["most", "prompt", "most", "reply", "most", "cost", "most"]]
    assert re.fullmatch(r"sim-swift +6 +16 +\d+ +\S+k? +116 +316 +\$0\.0000\d+ +\$0\.000\d+", table[2])
    assert table[7].split()[:3] == ["all", "30", "80"]
    assert max(map(len, table[:8])) <= 80
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize(
    ("flags", "trials"),
    [
        (["-k", "sums and not five"], 2),
        (["-m", "smoke"], 1),
        (["--limit", "1"], 2),
        (["--limit", "1", "--repeat", "3"], 6),
        (["suites/sums.yaml"], 3),
        ([TWO], 10),
        (["--simulated", "--only=sim-flaky", "-k", "cow"], 1),
    ],
)
def test_what_is_selected_is_what_is_planned(project, flags, trials):
    only = [] if any("--only" in flag for flag in flags) else [ONE]
    said = call("run", "--dry-run", "--json", *flags, *only)
    assert json.loads(said.out)["trials"] == trials


def test_a_seed_draws_other_cases_of_generated_suites_and_the_same_ones_again(monkeypatch):
    monkeypatch.chdir(ROOT)
    drawn = [
        call("list", "--json", "--limit=2", f"--seed={seed}", "suites/suite_reasoning.py").out for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_concurrency_and_repeats_are_what_was_asked_for(project):
    said = call("run", ONE, "-k", "cow or cat", "--repeat=2", "--concurrency=1", "--seed=4", "--no-warmup")
    assert said.code == ExitCode.FINE, said.err
    calls = rows(project)
    assert sorted(calls["repeat"]) == [0, 0, 1, 1]
    starts = calls["started_at"].sort_values()
    ends = (calls["started_at"] + pd.to_timedelta(calls["latency_s"], unit="s")).loc[starts.index]
    assert (starts.iloc[1:].to_numpy() >= ends.iloc[:-1].to_numpy()).all(), "one at a time"


def test_a_budget_that_runs_out_stops_the_run_and_the_report_says_so(project):
    price = 'model = "openai/m-1"\nbase_url = "{}"\n[providers.prices]\ninput = 0\noutput = 1000\n'
    with loopback() as server:
        (project / "own.toml").write_text('[[providers]]\nname = "mine"\n' + price.format(server.url))
        said = call("run", "--providers=own.toml", "--budget=0.03", "--concurrency=1")
    assert said.code == ExitCode.INTERRUPTED
    assert 1 <= len(server.bodies) < 5
    assert rows(project)["cost_usd"].sum() <= 0.03
    why = "mine was asked no more: budget: the next call can cost $0.020000"
    assert why in said.out
    assert why in (project / "reports" / "latest" / "report.md").read_text()


def test_a_budget_for_nothing_asks_nothing_and_leaves_the_last_report_alone(project):
    said = call("run", ONE, "--budget=0")
    assert said.code == ExitCode.INTERRUPTED
    assert "sim-swift was asked no more: budget: the next call can cost" in said.out
    assert said.out.endswith("nothing was asked, so there is nothing to report\n")
    assert not (project / "reports" / "latest").exists()
    assert json.loads(call("run", ONE, "--budget=0", "--json").out)["trials"] == 0


OWN = """
[[providers]]
name = "mine"
model = "openai/m-1"
base_url = "{url}"
api_key = "none"
[[providers]]
name = "sim-swift"
simulated = "swift"
model = "openai/sim-swift"
[fallback]
enabled = false
"""


def test_a_provider_that_is_refused_stops_alone_and_the_report_says_why(project):
    with loopback(status=401, error="who are you?") as server:
        (project / "own.toml").write_text(OWN.format(url=server.url))
        said = call("run", "--providers=own.toml", "--simulated", "--concurrency=1", "--route", "--no-warmup")
    assert said.code == ExitCode.BELOW
    assert len(server.bodies) == 1, "the rest would be refused alike"
    calls = rows(project)
    assert calls[calls["provider"] == "sim-swift"]["status"].tolist() == ["ok"] * 5
    (refused,) = calls[calls["provider"] == "mine"].to_dict("records")
    assert (refused["failure_kind"], refused["failure_side"], refused["http_status"]) == ("auth", "account", 401)
    why = r"mine answered none of its 1 trials: auth: .*who are you\?"
    assert re.search(why, said.out)
    assert re.search(why, (project / "reports" / "latest" / "report.md").read_text())
    assert "routes   not written: simulated and real providers took part" in said.out
    assert not (project / "reports" / "routing.toml").exists()


def test_a_first_failure_stops_the_run_with_x(project):
    with loopback(status=400) as server:
        (project / "own.toml").write_text(OWN.format(url=server.url))
        said = call("run", "--providers=own.toml", "--only=mine", "--concurrency=1", "-x", "--no-warmup")
    assert said.code == ExitCode.BELOW
    assert len(server.bodies) == 1
    assert "4 of 5 planned trials were not asked" in said.out
    why = "1 of 5 trials had no answer (--max-failures), the last with bad_request from mine"
    assert f"The run ended early: {why}; `harness resume` asks the rest." in said.out


def test_a_server_that_goes_away_is_a_failure_of_the_network_and_the_others_go_on(project):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (project / "own.toml").write_text(OWN.format(url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1"))

        def answer_the_probe_and_vanish():
            with listener:
                listener.accept()[0].close()

        thread = threading.Thread(target=answer_the_probe_and_vanish)
        thread.start()
        said = call("run", "--providers=own.toml", "--only=mine,sim-swift")
        thread.join()
    assert said.code == ExitCode.BELOW
    calls = rows(project)
    assert set(calls[calls["provider"] == "mine"]["failure_kind"]) == {"connect_refused"}
    assert set(calls[calls["provider"] == "mine"]["failure_side"]) == {"network"}
    assert set(calls[calls["provider"] == "sim-swift"]["status"]) == {"ok"}
    assert "mine answered none of its 5 trials: connect_refused: " in said.out


@pytest.fixture
def openai(monkeypatch):
    """A real provider is ready: the shipped registry's `openai` points to a server on loopback."""
    with loopback() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_MODEL", "m-1")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
        yield server


def test_a_real_provider_that_is_ready_takes_part_and_the_simulated_ones_do_not(project, openai):
    said = call("run", "--route")
    assert said.code == ExitCode.FINE, said.err
    assert "providers  openai\n" in said.out
    assert "at most    unknown (no price or output limit known for openai)" in said.out
    calls = rows(project)
    assert set(calls["provider"]) == {"openai"}
    assert set(calls["model_requested"]) == {"openai/m-1"}
    assert set(calls["model_served"]) == {"m-1-0613"}
    assert not calls["simulated"].any()
    everything = said.out + (project / "reports" / "latest" / "report.md").read_text()
    assert "simulated" not in everything.lower()
    assert "simulated = false" in (project / "reports" / "routing.toml").read_text()
    assert {body["model"] for body in openai.bodies} == {"m-1"}


def test_the_simulated_ones_take_part_beside_a_real_one_when_asked_for(project, openai):
    both = call("run", "--simulated", "--dry-run", "--json")
    named = call("run", "--only=openai,sim-swift", "-k", "cow")
    alone = call("run", "--only=sim-swift", "--dry-run", "--json")
    assert len(json.loads(both.out)["providers"]) == 6
    assert json.loads(alone.out)["simulated"] is True
    assert named.code == ExitCode.FINE
    assert "simulated: sim-swift; a run with real ones beside them gives no routes" in named.out
    assert set(rows(project)["provider"]) == {"openai", "sim-swift"}
    route = call("route", "--apply")
    assert route.code == ExitCode.WRONG_USE
    assert "simulated" in route.err
    assert "real" in route.err
    assert not (project / "reports" / "routing.toml").exists()


def test_routes_for_real_providers_are_not_replaced_by_simulated_ones(project, openai):
    assert call("run", "--route", "-k", "cow").code == ExitCode.FINE
    file = project / "reports" / "routing.toml"
    before = file.read_bytes()
    said = call("run", ONE, "--route", "-k", "cow")
    assert said.code == ExitCode.FINE
    assert "routes   not written: the present routes are for real providers and the new ones for simulated" in said.out
    shown, applied = call("route"), call("route", "--apply")
    assert shown.code == ExitCode.FINE
    assert "routing.toml stays as it is: the present routes are for real providers" in shown.out
    assert applied.code == ExitCode.WRONG_USE
    assert "the present routes are for real providers" in applied.err
    assert file.read_bytes() == before


def test_code_that_may_not_run_is_said_to_be_why_it_was_not_judged(project):
    said = call("run", ONE, ROOT / "suites" / "suite_code.py", "--limit=1", "--route")
    assert said.code == ExitCode.FINE
    assert "(code is not run unless --allow-code is given: 1)" in said.out
    assert "routes   not written: no capability has a judged answer" in said.out
