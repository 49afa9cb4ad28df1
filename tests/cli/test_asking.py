import contextlib
import os
import pty
import socket
import subprocess
import sys

import pytest

from harness.ask import Prompt, Provider, Retries
from harness.cli.asking import Asker, open_asker
from harness.client import Client
from harness.errors import WrongUse
from harness.settings import Places

SIMULATED = '[[providers]]\nname = "sim"\nsimulated = "swift"\nmodel = "openai/sim-swift"\n'


@pytest.fixture
def places(tmp_path):
    (tmp_path / "providers.toml").write_text(SIMULATED)
    return Places((tmp_path / "suites",), tmp_path / "providers.toml", tmp_path / "reports")


def test_a_simulated_provider_is_served_as_long_as_it_is_asked_also_where_no_suite_is(places):
    with open_asker("sim", places) as asker:
        assert asker("What is 2 + 2?")
        attempt = asker.attempt(Prompt(({"role": "user", "content": "hi"},)), stream=False, max_tokens=5)
        address = asker.provider.base_url
    assert attempt.ok
    assert attempt.simulated
    assert not attempt.sent.stream
    assert address
    assert Asker(Client(), asker.provider).attempt("hi").failure, "it is served no more"


def test_a_provider_that_is_not_there_is_wrong_use(places):
    with pytest.raises(WrongUse, match="is called 'sym'"), open_asker("sym", places):
        pass


def test_what_is_not_answered_is_data_in_an_attempt_and_an_assertion_in_a_call():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        asker = Asker(Client(), Provider("mine", "openai/m-1", base_url=url, retries=Retries(0)))
        failure = asker.attempt("hi").failure
        assert failure
        assert failure.kind == "connect_refused"
        with pytest.raises(AssertionError, match=r"^mine did not answer: connect_refused: "):
            asker("hi")


@pytest.mark.parametrize("whom", [["--model=sim"], ["--route"]], ids=["a model", "routed"])
def test_in_a_terminal_the_answer_is_printed_while_it_comes(tmp_path, whom):
    (tmp_path / "providers.toml").write_text(SIMULATED)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harness", "ask", "What is 2 + 2?", *whom, "--no-cache"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        shown = []
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(ours, 1 << 16):
                shown.append(piece)
        os.close(ours)
    assert process.returncode == 0
    assert len(shown) > 1
    assert b"".join(shown).count(b"\n") == 1
