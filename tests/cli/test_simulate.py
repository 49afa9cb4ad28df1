import json
import signal
import socket
import subprocess
import sys
import urllib.request

from harness.errors import ExitCode
from harness.simulate import WIRES
from tests.cli.conftest import call, clean_environment

QUESTION = {"model": "m", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "max_tokens": 20}


def ask(url, **headers):
    request = urllib.request.Request(
        url, json.dumps(QUESTION).encode(), {"content-type": "application/json", **headers}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response), dict(response.headers)


def test_the_fleet_serves_its_wires_until_ctrl_c(project):
    command = [sys.executable, "-m", "harness", "simulate", "--port=0", "--log=truth.jsonl", "-k", "sums"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=clean_environment()) as child:
        assert child.stdout
        lines = [child.stdout.readline() for _ in range(7)]
        bases = {line.split()[0]: line.split()[1].replace("NAME", "careful") for line in lines[1:]}
        openai, anthropic = bases["openai"], bases["anthropic"]
        plain, headers = ask(f"{openai}/chat/completions")
        assert plain["choices"][0]["message"]["content"] == "4"
        assert "x-simulated" in {name.lower() for name in headers}
        other, _ = ask(f"{anthropic}/v1/messages", **{"anthropic-version": "2023-06-01"})
        assert other["content"][0]["type"] == "text"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert lines[0].startswith("simulated providers: swift, careful,")
    assert set(bases) == set(WIRES)
    assert child.returncode in {0, 2}, err
    assert (out, err) == ("", "")
    assert len((project / "truth.jsonl").read_text().splitlines()) == 2


def test_a_port_that_is_taken_is_wrong_use(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = call("simulate", f"--port={port}")
    assert said.code == ExitCode.WRONG_USE
    assert f"cannot listen on 127.0.0.1:{port}: " in said.err


def test_a_port_that_there_cannot_be_is_wrong_use(project):
    assert "'99999' is not a whole number from 0 to 65535" in call("simulate", "--port=99999").err
