"""Ctrl-C in mid-run, by a real signal to a real process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import harness
from harness.errors import ExitCode
from tests.cli.conftest import call, clean_environment

MANY = """\
capability: arithmetic
score: exact
params: {max_tokens: 20}
repeat: 300
cases:
  - {id: two, prompt: What is 2 + 2?, expect: "4"}
"""


def wait_for_lines(folder: Path, lines: int) -> None:
    """Until so many attempts are in the journal, half a minute at most."""
    for _ in range(1500):
        for journal in folder.glob("reports/runs/*/journal/*.jsonl"):
            if journal.read_bytes().count(b'"attempt_finished"') >= lines:
                return
        time.sleep(0.02)
    pytest.fail("nothing was recorded")


@pytest.mark.parametrize("presses", [1, 2])
def test_what_was_recorded_is_kept_and_reported(project, presses):
    (project / "suites" / "sums.yaml").write_text(MANY)
    words = ["run", "suites/sums.yaml", "--only=sim-swift", "--concurrency=1", "--route"]
    pipe, own_group = subprocess.PIPE, 0
    with subprocess.Popen(
        [sys.executable, "-m", "harness", *words],
        stdout=pipe, stderr=pipe, text=True, env=clean_environment(), process_group=own_group,
    ) as child:  # fmt: skip
        wait_for_lines(project, 3)
        for _ in range(presses):
            os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to the whole group
            time.sleep(0.05)
        out, err = child.communicate(timeout=60)
    assert child.returncode == ExitCode.INTERRUPTED, err
    assert "Traceback" not in out + err
    assert "interrupted: what was recorded until then is reported" in out
    assert re.search(r"\d+ of 300 planned trials were not asked", out)
    assert "routes   not written: the run was interrupted" in out
    assert not (project / "reports" / "routing.toml").exists()
    run = harness.load_run(project / "reports" / "latest")
    assert run.state == "interrupted"
    assert 3 <= len(run.calls()) < 300
    assert len(run.scores()) == len(run.calls()) - 1, "the warm-up has none"
    assert "> **Interrupted.** " in (project / "reports" / "latest" / "report.md").read_text()
    assert json.loads(call("report", "--json").out)["state"] == "interrupted"
