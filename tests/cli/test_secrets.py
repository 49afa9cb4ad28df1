"""A key is in no output and in no file, whoever repeats it."""

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import ExitCode
from tests.cli.conftest import call
from tests.cli.loopback import loopback

KEY = "sk-loop-Zq81hTnV5cRkW0yXbD3mPs"
"""A key that nothing else contains, nor half of it."""

EVERYTHING = [
    "run",
    "run --json",
    "run --dry-run --json",
    "run --only=openai,sim-swift -k cow --route",
    "report",
    "report --json",
    "score",
    "score --json",
    "route",
    "route --apply --json",
    "models",
    "models --json",
    "providers",
    "providers --json",
    "ask hello --model=openai",
    "ask hello --model=openai --json",
    "ask hello --model=openai --no-stream --json",
    "ask hello --model=gpt-4o-mini --json",
    "list -v --json",
    "validate",
    "validate -v --json",
]

WHERE_ERRORS_SHOW = [
    "run",
    "report --json",
    "score",
    "models",
    "ask hello --model=openai",
    "ask hello --model=openai --no-stream --json",
]


@pytest.fixture
def key(monkeypatch, project):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_MODEL", "m-1")
    return project


def where_it_shows(folder: Path) -> list[str]:
    """The files that hold the key, or half of it, as it is or beside compression (Parquet is read by its columns)."""
    shown = []
    for file in (one for one in folder.rglob("*") if one.is_file()):
        text = file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            text += pd.read_parquet(file).to_csv()
        if any(half in text for half in (KEY[:14], KEY[14:])):
            shown.append(str(file.relative_to(folder)))
    return shown


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (200, "4", ""),
        (401, "", "Incorrect API key provided: {key}. You can find your API key elsewhere."),
        (400, "", "headers were: {'Authorization': 'Bearer {key}'}"),
    ],
)
def test_the_key_is_nowhere(key, monkeypatch, status, text, error):
    with loopback(text=text, status=status, error=error) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        for words in EVERYTHING if status == 200 else WHERE_ERRORS_SHOW:
            said = call(*words.split())
            assert said.code in {ExitCode.FINE, ExitCode.BELOW, ExitCode.WRONG_USE}, (words, said)
            assert "Traceback" not in said.err
            assert not any(half in said.out + said.err for half in (KEY[:14], KEY[14:])), words
        assert server.bodies
    assert (key / "reports" / "latest" / "report.md").exists()
    assert where_it_shows(key) == []


def test_a_label_of_the_users_own_that_holds_the_key_is_refused(key, monkeypatch):
    with loopback() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        said = call("run", "-k", "cow", "--metadata", f"secret=Bearer {KEY}", "--metadata=team=blue")
    assert server.bodies == []
    assert said.code == ExitCode.WRONG_USE
    assert "a label holds the API key of openai, and labels are written on every row" in said.err
    assert not (key / "reports").exists()


def test_a_key_that_a_reply_repeats_is_masked_in_the_record(key, monkeypatch):
    with loopback(text="Your key is {key}, is it not?") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        said = call("run", "-k", "cow")
        asked = call("ask", "hello", "--model=openai")
    assert said.code == ExitCode.FINE
    assert where_it_shows(key) == []
    assert asked.out == "Your key is ***, is it not?\n"
    assert KEY not in said.out + said.err + asked.out + asked.err
