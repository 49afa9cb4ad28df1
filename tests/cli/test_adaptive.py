"""`harness run --adaptive` against a provider that takes so many at once and no more."""

import json

import pandas as pd

from harness.errors import ExitCode
from harness.load import suites
from harness.simulate import FleetProcess, write_keys
from tests.cli.conftest import call

FLEET = """
[busy]
quality = { default = 1.0 }
ttft_s = { median = 0.03, sigma = 0.05 }
inter_token_s = { median = 0.0005, sigma = 0.1 }
prices = { input = 1.0, output = 2.0 }
limits = { concurrency = 6 }
"""


def project_of(folder):
    cases = "\n".join(f'  - {{id: "n{n}", prompt: "Say {n}.", expect: "{n}"}}' for n in range(150))
    (folder / "suites" / "many.yaml").write_text(f"capability: facts\nscore: exact\ncases:\n{cases}\n")
    (folder / "fleet.toml").write_text(FLEET)
    write_keys(folder / "keys.jsonl", (case for suite in suites([folder / "suites"]) for case in suite.cases))


def test_the_report_says_where_it_settled_and_the_run_keeps_how(project):
    project_of(project)
    with FleetProcess(project / "keys.jsonl", fleet=project / "fleet.toml") as fleet:
        (project / "own.toml").write_text(
            f'[[providers]]\nname = "busy"\nmodel = "openai/m"\nsimulated = "swift"\nretry_delay_ms = 20\n'
            f'base_url = "{fleet.base_url("busy", "openai")}"\n'
        )
        said = call(
            "run", "suites/many.yaml", "--providers=own.toml", "--adaptive", "--concurrency=40", "--max-retries=6"
        )
    assert said.code == ExitCode.FINE, said.out + said.err
    (run,) = (project / "reports" / "runs").iterdir()
    search = json.loads((run / "adaptive.json").read_text())["busy"]
    assert search["most"] == 40
    assert [one["in_flight"] for one in search["history"][:2]] == [4, 8]
    end, cuts = search["history"][-1]["in_flight"], sum(one["why"] == "cut" for one in search["history"])
    assert 3 <= end <= 8
    line = f"busy: adaptive: settled at {end} in flight, cut {cuts} time"
    assert line in said.out
    assert line in (project / "reports" / "latest" / "report.md").read_text()
    assert line in call("report", "--reports", project / "reports").out
    rows = pd.read_parquet(run / "calls.parquet")
    assert rows["queue_s"].max() > 0.03
    assert (rows["http_status"] == 429).sum() >= cuts


def test_a_fixed_concurrency_says_nothing_of_a_search(recorded):
    assert "adaptive" not in recorded.said.out
    assert not (recorded.folder / "adaptive.json").exists()
