import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from harness.errors import HarnessError, WrongUse
from harness.simulate import FleetProcess, process, write_keys
from harness.told import Truth
from tests.simulate.served import CASES, QUICK_TOML, SUM, openai_body


@pytest.fixture
def files(tmp_path):
    write_keys(tmp_path / "keys", CASES)
    (tmp_path / "fleet.toml").write_text(QUICK_TOML)
    return tmp_path


def post(url, body) -> bytes:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        data: bytes = response.read()
        return data


def is_up(address) -> bool:
    try:
        urllib.request.urlopen(f"{address}/models", timeout=10).close()
    except OSError:  # refused, or reset where it ends as we ask
        return False
    return True


def test_the_child_starts_answers_and_stops_with_its_log_complete(files):
    log = files / "truth.jsonl"
    with FleetProcess(files / "keys", log, seed=3, fleet=files / "fleet.toml") as fleet:
        address = fleet.base_url("right", "openai")
        reply = json.loads(post(f"{address}/chat/completions", openai_body(SUM)))
        post(fleet.base_url("wrong", "anthropic") + "/v1/messages", openai_body(CASES[2], max_tokens=50))
    assert SUM.reference
    assert reply["choices"][0]["message"]["content"] == SUM.reference.text
    truths = [Truth.from_json(json.loads(line)) for line in log.read_text().splitlines()]
    assert [one.profile for one in truths] == ["right", "wrong"]
    assert truths[0].response_id == reply["id"]
    assert not is_up(address)


def test_it_gives_each_kind_of_client_its_base_url_and_tells_what_there_is(files):
    with FleetProcess(files / "keys", fleet=files / "fleet.toml") as fleet:
        assert fleet.base_url("right", "openai").endswith("/right/v1")
        assert fleet.base_url("right", "anthropic").endswith("/right")
        with pytest.raises(WrongUse, match="no simulated provider is called 'best'; there are right, wrong"):
            fleet.base_url("best", "openai")
        with pytest.raises(WrongUse, match="does not speak to 'bedrock' clients; it does to openai, anthropic"):
            fleet.base_url("right", "bedrock")
    fleet.stop()  # once more does no harm


def test_it_stops_when_the_block_is_left_by_an_error(files):
    fleet = FleetProcess(files / "keys", fleet=files / "fleet.toml")
    with contextlib.suppress(ZeroDivisionError), fleet:
        address = fleet.base_url("right", "openai")
        assert is_up(address)
        raise ZeroDivisionError
    assert not is_up(address)


def test_a_child_that_does_not_come_up_is_told_with_what_it_said(files):
    with pytest.raises(HarnessError, match=r"did not come up: .*nowhere: the answer keys cannot be read"):
        FleetProcess(files / "nowhere").__enter__()


def test_a_child_that_stays_silent_is_given_up(files, monkeypatch):
    monkeypatch.setattr(process, "COMES_UP_WITHIN_S", 0.01)
    monkeypatch.setattr(process, "STOPS_WITHIN_S", 0.01)
    fleet = FleetProcess(files / "keys")
    fleet._command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(HarnessError, match=r"did not come up: it said nothing within 0.01 s"):
        fleet.__enter__()


def test_a_child_that_does_not_stop_when_asked_is_killed(files, monkeypatch):
    monkeypatch.setattr(process, "STOPS_WITHIN_S", 0.05)
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    fleet = FleetProcess(files / "keys")
    fleet._command = [sys.executable, "-c", stubborn]
    with fleet:
        child = fleet._child
    assert child is not None
    assert child.returncode == -signal.SIGKILL


def test_the_child_ends_when_its_parent_is_killed(files):
    parent = f"""
        import time
        from pathlib import Path
        from harness.simulate import FleetProcess
        with FleetProcess(Path({str(files / "keys")!r}), fleet=Path({str(files / "fleet.toml")!r})) as fleet:
            print(fleet._child.pid, fleet.base_url("right", "openai"), flush=True)
            time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(parent)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        pid, address = running.stdout.readline().split()
        assert is_up(address)
        running.kill()
        running.wait()
    wait_until(lambda: not is_up(address))
    wait_until(lambda: not is_running(int(pid)))


def test_ctrl_c_in_the_terminal_does_not_reach_the_child(files):
    with FleetProcess(files / "keys", fleet=files / "fleet.toml") as fleet:
        assert fleet._child is not None
        assert os.getpgid(fleet._child.pid) != os.getpgid(0)


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        return stat.exists() and " Z " not in stat.read_text()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(holds) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
