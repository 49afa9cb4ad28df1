"""Published datasets are fetched whole and checked or not at all, after a person has seen the licence."""

import gzip
import hashlib
import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import pytest

from harness import fetching
from harness.errors import ExitCode
from tests.cli.conftest import call

LINES = "".join(json.dumps({"question": f"{n} + 1?", "answer": f"#### {n + 1}"}) + "\n" for n in range(3)).encode()
PATH = "/openai/grade-school-math/3101c7d/grade_school_math/data/test.jsonl"


@contextmanager
def publisher(content: bytes, *, cut: bool = False, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server of one content at every path; gives its address and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}", asked
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder for data; and what is published of GSM8K here are three problems."""
    monkeypatch.setenv("HARNESS_DATA_DIR", str(tmp_path / "data"))
    file = fetching.File("grade_school_math/data/test.jsonl", hashlib.sha256(LINES).hexdigest())
    mine = {**fetching.PUBLISHED, "gsm8k": replace(fetching.PUBLISHED["gsm8k"], files=(file,))}
    monkeypatch.setattr(fetching, "PUBLISHED", MappingProxyType(mine))
    return tmp_path / "data"


def test_what_was_fetched_is_run_without_saying_where_it_is(folder, mine):
    before = call("run", "gsm8k", "--dry-run", "--providers=own.toml")
    assert before.code == ExitCode.WRONG_USE
    assert "or fetch it: `harness data fetch gsm8k`" in before.err
    with publisher(LINES) as (url, asked):
        said = call("data", "fetch", "gsm8k", "--yes", "--mirror", url)
    assert said.code == ExitCode.FINE, said.err
    assert asked == [PATH]
    assert "openai/grade-school-math (commit 3101c7d) under MIT" in said.err
    assert f"fetched: {folder / 'gsm8k'}" in said.out
    assert (folder / "gsm8k" / "test.jsonl").read_bytes() == LINES
    assert '"trials": 3' in call("run", "gsm8k", "--dry-run", "--json", "--providers=own.toml").out
    listed = json.loads(call("data", "--json").out)
    assert {one["name"]: bool(one["folder"]) for one in listed} == {
        "bfcl": False, "gsm8k": True, "humaneval": False, "ifbench": False,
    }  # fmt: skip
    assert "not fetched (`harness data fetch bfcl`)" in call("data").out


@pytest.mark.parametrize(
    ("content", "how", "why"),
    [
        (LINES + b"\n", {}, "is not what was pinned: its SHA-256 is "),
        (LINES, {"cut": True}, "was cut off after "),
        (LINES, {"status": 404}, "HTTP Error 404"),
    ],
)
def test_what_is_not_what_was_pinned_is_refused_and_what_was_there_stays(folder, content, how, why):
    with publisher(content, **how) as (url, _):
        said = call("data", "fetch", "gsm8k", "--yes", "--mirror", url)
    assert said.code == ExitCode.BROKEN
    assert why in said.err
    assert "Nothing of it was kept" in said.err
    assert list(folder.iterdir()) == []
    with publisher(LINES) as (url, _):
        call("data", "fetch", "gsm8k", "--yes", "--mirror", url)
    with publisher(content, **how) as (url, _):
        call("data", "fetch", "gsm8k", "--yes", "--mirror", url)
    assert [path.name for path in folder.iterdir()] == ["gsm8k"]
    assert (folder / "gsm8k" / "test.jsonl").read_bytes() == LINES


@pytest.mark.parametrize(("answer", "fetched"), [("y\n", True), ("\n", False), ("no\n", False)])
def test_a_person_is_asked_before_anything_is_fetched(folder, monkeypatch, answer, fetched):
    class Terminal:
        def isatty(self):
            return True

        def readline(self):
            return answer

    monkeypatch.setattr(sys, "stdin", Terminal())
    with publisher(LINES) as (url, asked):
        said = call("data", "fetch", "gsm8k", "--mirror", url)
    assert "Do you accept the licence" in said.err
    assert (said.code, bool(asked)) == ((ExitCode.FINE, True) if fetched else (ExitCode.NOTHING, False))


def test_where_nobody_can_be_asked_nothing_is_fetched(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with publisher(LINES) as (url, asked):
        said = call("data", "fetch", "gsm8k", "--mirror", url)
    assert said.code == ExitCode.NOTHING
    assert "--yes accepts the licence" in said.err
    assert asked == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fetch"], "say which: harness data fetch NAME"),
        (["fetch", "mmlu", "--yes"], "'mmlu' cannot be fetched; there are bfcl, gsm8k, humaneval, ifbench"),
        (["fetch", "gsm8k", "--yes", "--mirror", "file:///etc"], "is no address of a mirror"),
    ],
)
def test_what_cannot_be_fetched_is_told(folder, words, said):
    done = call("data", *words)
    assert done.code == ExitCode.WRONG_USE
    assert said in done.err


def test_a_mirror_that_is_not_there_is_told(folder):
    said = call("data", "fetch", "gsm8k", "--yes", "--mirror", "http://127.0.0.1:9")
    assert said.code == ExitCode.BROKEN
    assert "gsm8k cannot be fetched from http://127.0.0.1:9: " in said.err


def test_data_lies_in_the_users_own_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("HARNESS_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert fetching.data_folder() == tmp_path / "llm-harness" / "datasets"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert fetching.data_folder().parts[-4:] == (".local", "share", "llm-harness", "datasets")


def test_the_pinned_checksums_are_those_of_the_published_files():
    from tests.load.test_published import DATA  # noqa: PLC0415 - only where they are there

    if not DATA.exists():
        pytest.skip("the published files are not there")
    for name, one in fetching.PUBLISHED.items():
        for file in one.files:
            kept = DATA / name / file.name
            packed = kept.with_name(f"{kept.name}.gz")
            content = kept.read_bytes() if kept.exists() else gzip.decompress(packed.read_bytes())
            assert hashlib.sha256(content).hexdigest() == file.sha256, file.path
