import os
import signal
import sys
import threading

import pytest

from harness.simulate import __main__ as program
from harness.simulate import write_keys
from tests.simulate.served import CASES


def test_it_says_where_it_listens_and_ends_well_on_a_signal(tmp_path, monkeypatch):
    write_keys(tmp_path / "keys", CASES)
    said = []

    def say(address):
        said.append(address)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(program, "_say", say)
    assert program.main([f"--keys={tmp_path / 'keys'}", f"--log={tmp_path / 'log'}", "--seed=4"]) == 0
    assert said[0].startswith("http://127.0.0.1:")
    assert (tmp_path / "log").exists()


def test_it_ends_when_its_input_ends(monkeypatch, capsys):
    reading, writing = os.pipe()
    os.write(writing, b"what is written means nothing")
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        closing = threading.Timer(0.05, os.close, [writing])
        closing.start()
        assert program.main(["--with-parent"]) == 0
        closing.join()
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")


def test_what_is_wrong_goes_to_stderr_with_its_exit_code(tmp_path, capsys):
    assert program.main([f"--fleet={tmp_path / 'nowhere.toml'}"]) == 4
    assert "nowhere.toml: cannot be read as TOML" in capsys.readouterr().err


def test_help_names_each_flag(capsys):
    with pytest.raises(SystemExit):
        program.main(["--help"])
    shown = capsys.readouterr().out
    assert all(flag in shown for flag in ("--keys", "--log", "--fleet", "--seed", "--port", "--with-parent"))
