"""A folder as a person has it, one recorded run, and the command line called within this process."""

import io
import os
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli import main
from tests.cli.loopback import loopback

ROOT = Path(__file__).parent.parent.parent
SUMS = """\
description: Sums
capability: arithmetic
score: exact
params: {max_tokens: 20}
cases:
  - {id: two, prompt: What is 2 + 2?, expect: "4", tags: [smoke]}
  - {id: three, prompt: What is 3 + 3?, expect: "6"}
  - {id: five, prompt: What is 5 + 5?, expect: "10"}
"""
ANIMALS = """\
capability: facts
score: contains
params: {max_tokens: 20}
cases:
  - {id: cow, prompt: What says moo?, expect: cow, distractor: a goat}
  - {id: cat, prompt: What says meow?, expect: cat, distractor: a goat}
"""


@dataclass(frozen=True)
class Said:
    """What a command returned and printed."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def call(*words: object) -> Said:
    """`harness WORDS…` in this process; a process of its own takes two seconds to import litellm."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


def clean_environment() -> dict[str, str]:
    """The environment without anybody's keys and addresses, and without an Ollama that may run on this machine."""
    theirs = ("_API_KEY", "_API_TOKEN", "_API_BASE", "_BASE_URL", "HF_TOKEN", "_MODEL")
    return {
        **{name: value for name, value in os.environ.items() if not name.endswith(theirs)},
        "OLLAMA_API_BASE": "http://127.0.0.1:9",
    }


def write_project(folder: Path) -> Path:
    """The shipped registry and two small suites."""
    shutil.copy(ROOT / "providers.toml", folder)
    (folder / "suites").mkdir()
    (folder / "suites" / "sums.yaml").write_text(SUMS)
    (folder / "suites" / "animals.yaml").write_text(ANIMALS)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _environment():
    with pytest.MonkeyPatch.context() as patch:
        clean = clean_environment()
        for name in set(os.environ) - set(clean):
            patch.delenv(name)
        patch.setenv("OLLAMA_API_BASE", clean["OLLAMA_API_BASE"])
        yield


@pytest.fixture(autouse=True)
def cache_dir(tmp_path_factory, monkeypatch):
    """Where this test's replies are kept: never in the folder of whoever runs it."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the shipped registry and two small suites, to be in."""
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


@dataclass(frozen=True)
class Recorded:
    """A run of the shipped suites, two cases each, by two simulated providers; `said` is what `harness run` printed."""

    reports: Path
    said: Said

    @property
    def folder(self) -> Path:
        (folder,) = (self.reports / "runs").iterdir()
        return folder


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """One run for all tests that only read it."""
    reports = tmp_path_factory.mktemp("recorded") / "reports"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        said = call(
            "run", "--only=sim-swift,sim-careful", "--limit=2", "--allow-code", "--route", "--metadata=team=blue",
            "--reports", reports,
        )  # fmt: skip
    return Recorded(reports, said)


@pytest.fixture
def copied(recorded, tmp_path, monkeypatch):
    """The recorded run's reports folder, to be changed, beside the shipped suites."""
    monkeypatch.chdir(ROOT)
    return Path(shutil.copytree(recorded.reports, tmp_path / "reports"))


@pytest.fixture
def mine(project):
    """A provider `mine` behind a server on loopback, in a registry of its own."""
    with loopback() as server:
        (project / "own.toml").write_text(
            f'[[providers]]\nname = "mine"\nmodel = "openai/m-1"\nbase_url = "{server.url}"\n[fallback]\nenabled = false\n'
        )
        yield server
