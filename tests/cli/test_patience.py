"""Deadlines and retries as flags: they take the place of what the registry says, and the server sees it."""

import socket

import pandas as pd
import pytest

from harness.ask import Deadlines, Provider, Retries
from harness.errors import ExitCode
from harness.settings import Patience
from tests.cli.conftest import call
from tests.cli.loopback import loopback


def registry(folder, url):
    text = f'[[providers]]\nname = "mine"\nmodel = "openai/m-1"\nbase_url = "{url}"\nretry_delay_ms = 0\n'
    (folder / "own.toml").write_text(text)


def test_what_is_said_takes_the_place_and_the_rest_stays():
    own = Provider("p", "openai/m", deadlines=Deadlines(1, 2, 3, 4), retries=Retries(5, 0.5))
    assert Patience().of(own) == own
    said = Patience(connect_s=7, total_s=8, max_retries=0).of(own)
    assert said.deadlines == Deadlines(7, 2, 3, 8)
    assert said.retries == Retries(0, 0.5)
    assert Patience(first_token_s=6, stall_s=9).of(own).deadlines == Deadlines(1, 6, 9, 4)


@pytest.mark.parametrize(("said", "requests"), [("0", 1), ("3", 4), (None, 3)])
def test_a_server_that_stays_broken_sees_one_request_and_as_many_retries_as_are_said(project, said, requests):
    flags = [] if said is None else ["--max-retries", said]
    with loopback(status=500) as server:
        registry(project, server.url)
        asked = call("ask", "How many?", "--model=mine", "--providers=own.toml", *flags)
    assert asked.code == ExitCode.BELOW
    assert len(server.bodies) == requests


def test_each_attempt_of_a_run_is_a_row(project):
    with loopback(status=500) as server:
        registry(project, server.url)
        call("run", "suites/sums.yaml", "-k", "two", "--providers=own.toml", "--max-retries=3", "--no-warmup")
    (file,) = (project / "reports").glob("runs/*/calls.parquet")
    rows = pd.read_parquet(file)
    assert rows["attempt"].tolist() == [1, 2, 3, 4]
    assert len(server.bodies) == 4
    assert rows["throttle_s"].iloc[0] == 0.0


@pytest.mark.parametrize(
    ("flag", "kind"), [("--timeout-first-token-s", "timeout_first_token"), ("--timeout-total-s", "timeout_total")]
)
def test_a_server_that_says_nothing_is_waited_for_as_long_as_is_said(project, flag, kind):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        registry(project, f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        said = call("ask", "?", "--model=mine", "--providers=own.toml", flag, "0.05", "--max-retries=0")
    assert said.code == ExitCode.BELOW
    assert f"{kind}: " in said.err
    assert "within 0.05 s" in said.err


@pytest.mark.parametrize("wrong", ["0", "-1", "soon", "inf", "nan"])
def test_a_deadline_is_a_time_above_zero(project, wrong):
    said = call("run", f"--timeout-stall-s={wrong}")
    assert said.code == ExitCode.WRONG_USE
    assert f"'{wrong}' is not a time in seconds, such as 2.5" in said.err
