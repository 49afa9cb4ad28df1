import io
import subprocess
import sys

import pytest

import harness
from harness.cli.app import COMMANDS, main
from harness.errors import ExitCode
from tests.cli.conftest import ROOT, call

HEAVY = ("litellm", "pyarrow", "pandas", "numpy", "scipy", "matplotlib", "aiohttp", "pydantic", "yaml", "rich", "tqdm")
HELP = """
import contextlib, io, sys
from harness.cli import main
words = [["--help"], ["--version"], *([name, "--help"] for name in sys.argv[1:])]
for one in words:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        main(one)
    assert out.getvalue(), one
print(*(name for name in %r if name in sys.modules))
"""


def test_help_of_everything_loads_nothing_heavy():
    command = [sys.executable, "-c", HELP % (HEAVY,), *COMMANDS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_tells_what_it_does(name, capsys):
    with pytest.raises(SystemExit) as ended:
        call(name, "--help")
    assert ended.value.code == 0


def test_the_help_lists_the_commands_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        call("--help")
    said = call()
    assert said.code == ExitCode.WRONG_USE, "nothing was asked for"
    assert all(f"\n  {name} " in said.out for name in COMMANDS)
    assert "exit codes: 0 fine, 1 below" in said.out


def test_python_m_harness_is_harness():
    command = [sys.executable, "-m", "harness", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"harness {harness.__version__}\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
        (["fly"], "there is no command 'fly'; `harness --help` lists them"),
        (["--fly"], "there is no option '--fly' before the command; `harness --help` tells more"),
        (["ask", "hello"], "one of the arguments --model --route is required"),
        (["route", "--confidence=2"], "'2' is not a number between 0 and 1"),
        (["route", "--confidence=half"], "'half' is not a number between 0 and 1"),
        (["validate", "--schema=xml"], "invalid choice: 'xml'"),
    ],
)
def test_wrong_words_are_wrong_use(words, hint):
    said = call(*words)
    assert said.code == ExitCode.WRONG_USE
    assert said.out == ""
    assert said.err.startswith("harness: ")
    assert hint in said.err


def test_a_bug_is_reported_as_one(project, monkeypatch):
    monkeypatch.setattr("harness.registry.load", lambda *_: 1 / 0)
    said = call("providers")
    assert said.code == ExitCode.BROKEN
    assert "ZeroDivisionError" in said.err
    assert "this is a bug in harness" in said.err


def test_ctrl_c_anywhere_is_an_interruption_and_no_traceback(project, monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.registry.load", pressed)
    said = call("providers")
    assert said.code == ExitCode.INTERRUPTED
    assert said.err == "harness: interrupted\n"


def test_a_reader_that_has_seen_enough_is_no_error(project):
    command = f"{sys.executable} -m harness list -v | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stdout == "2 suites, "
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_terminal_that_knows_few_letters_is_no_error(project, monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["models"]) == ExitCode.FINE
    sys.stdout.flush()
    assert b"sim-swift" in written.getvalue()
