"""Real pytest runs, each a process in a project of its own."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASKS = """
def test_sum(llm):
    assert llm("What is 2 + 2?")
"""
QUICK = [f"-pno:{name}" for name in ("anyio", "benchmark", "cacheprovider", "hypothesispytest", "pytest_cov")]
"""Plugins of others that these runs do without: together they take longer to start than pytest."""
OWN = """
[[providers]]
name = "mine"
model = "openai/m-1"
base_url = "{url}/v1"
api_key = "sk-test-0123456789abcdef"
[fallback]
enabled = false
"""


@pytest.fixture
def project(tmp_path):
    """A project with the shipped registry and a small suites folder."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    shutil.copy(ROOT / "providers.toml", tmp_path)
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "sums.yaml").write_text(
        "capability: arithmetic\nscore: exact\ncases:\n  - {id: sum, prompt: What is 2 + 2?, expect: '4'}\n"
    )
    return tmp_path


def run(
    folder: Path, *arguments: str, off: Sequence[str] = tuple(QUICK), **files: str
) -> subprocess.CompletedProcess[str]:
    """pytest in the folder, with these files written first (`test_it="…"` is test_it.py)."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    command, env = _pytest(off, arguments)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The same, still running, in a group of processes of its own."""
    (command, env), pipe = _pytest(QUICK, arguments), subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True, process_group=0)


def _pytest(off: Sequence[str], arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command and its environment."""
    keys = ("_API_KEY", "_API_TOKEN", "_API_BASE", "_BASE_URL")
    env = {name: value for name, value in os.environ.items() if not name.endswith(keys) and name != "PYTEST_ADDOPTS"}
    return [sys.executable, "-m", "pytest", "-rs", *off, *arguments], env


@contextmanager
def server(status: int) -> Iterator[str]:
    """Answers everything with this status; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            body = b'{"error": {"message": "no such luck"}}'
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()


def test_pytest_finds_the_plugin_by_its_entry_point():
    (found,) = entry_points(group="pytest11", name="llm_harness")
    assert found.value == "harness.pytest_plugin"
    assert "--providers" in run(ROOT / "tests", "--help").stdout


def test_each_test_runs_once_for_each_provider_and_gets_its_answers(project):
    asks = """
def test_text(llm):
    assert llm("What is 2 + 2?").strip()

def test_call(llm):
    attempt = llm.attempt("What is 2 + 2?", stream=False, max_tokens=50)
    assert attempt.ok
    assert attempt.simulated
    assert attempt.sent.params["max_tokens"] == 50
    assert attempt.cost.usd > 0

def test_no_llm():
    pass
"""
    done = run(project, "-v", "--providers", "sim-swift, sim-careful,sim-swift", test_it=asks)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = [line.split()[0] for line in done.stdout.splitlines() if " PASSED " in line]
    each = [
        f"test_it.py::{test}[{name}]" for name in ("sim-swift", "sim-careful") for test in ("test_text", "test_call")
    ]
    assert sorted(passed) == sorted([*each, "test_it.py::test_no_llm"])


def test_a_provider_that_does_not_answer_fails_the_test_with_the_reason_and_without_its_key(project):
    asks = ASKS + 'def test_call(llm):\n    assert llm.attempt("?").failure.kind == "auth"\n'
    with server(401) as url:
        (project / "providers.toml").write_text(OWN.format(url=url))
        done = run(project, "--providers", "mine", test_it=asks)
    assert "1 failed, 1 passed" in done.stdout, "an attempt that failed is data where a test asks for it"
    assert "AssertionError: mine did not answer: auth: " in done.stdout
    assert "no such luck" in done.stdout
    assert "asking.py" not in done.stdout, "the test's own line is shown, not ours"
    assert "sk-test" not in done.stdout + done.stderr


def test_without_providers_the_test_is_skipped_with_the_reason(project):
    for none in ((), ("--providers", " , ")):
        done = run(project, *none, test_it=ASKS)
        assert done.returncode == 0
        assert "no provider: give pytest --providers NAME,…" in done.stdout
        assert "1 skipped" in done.stdout


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("sim-swfit", "is called 'sim-swfit'"),
        ("sim-swift,openai", "openai is not ready: OPENAI_API_KEY is not set"),
    ],
)
def test_a_provider_that_cannot_be_asked_is_wrong_use_before_any_test_runs(project, names, said):
    done = run(project, "--providers", names, test_it=ASKS + "def test_other():\n    pass\n")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --providers: " in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "passed" not in done.stdout


def test_a_mistake_in_the_registry_is_told_with_file_and_line(project):
    (project / "providers.toml").write_text('[[providers]]\nname = "mine"\nmodle = "openai/m-1"\n')
    done = run(project, "--providers", "mine", test_it=ASKS)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "providers.toml:3: " in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_what_breaks_only_when_it_is_opened_fails_the_test_in_a_sentence(project):
    (project / "suites" / "sums.yaml").write_text("capability: [\n")
    done = run(project, "--providers", "sim-swift", test_it=ASKS)
    assert done.returncode == 1
    assert "sim-swift cannot be asked: " in done.stdout
    assert "sums.yaml:" in done.stdout
    assert "Traceback" not in done.stdout


def test_providers_are_not_looked_at_where_no_selected_test_wants_one(project):
    done = run(project, "--providers", "nobody", "-k", "other", test_it=ASKS + "def test_other():\n    pass\n")
    assert done.returncode == 0, done.stderr
    assert "1 passed" in done.stdout


UNRELATED = """
import sys

import pytest

@pytest.fixture(params=["a", "b"])
def llm(request):
    return request.param

@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    ours = sorted(name for name in sys.modules if name.partition(".")[0] == "harness")
    heavy = [name for name in ("litellm", "pandas", "numpy", "pyarrow", "aiohttp", "pydantic", "yaml") if name in sys.modules]
    with open("loaded.txt", "w") as file:
        file.write(" ".join(ours + heavy))
"""
USES = """
def test_own(llm):
    assert llm in {"a", "b"}

def test_other():
    pass
"""


def test_in_an_unrelated_project_it_changes_nothing_and_loads_nothing(tmp_path):
    files = {"conftest": UNRELATED, "test_it": USES, "suite_it": "raise RuntimeError('nobody asked for this')"}
    (tmp_path / "compose.yaml").write_text("cases: [\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    with_it = run(tmp_path, "--collect-only", **files)
    assert (tmp_path / "loaded.txt").read_text() == "harness harness.pytest_plugin"
    without = run(tmp_path, "--collect-only", "-p", "no:llm_harness", **files)
    assert "harness" not in (tmp_path / "loaded.txt").read_text()
    assert untimed(with_it) == untimed(without)
    assert "3 tests collected" in with_it.stdout
    assert (with_it.returncode, with_it.stderr, without.stderr) == (0, "", "")


def test_a_projects_own_fixture_llm_stays_its_own(tmp_path):
    done = run(tmp_path, conftest=UNRELATED, test_it=USES)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert (tmp_path / "loaded.txt").read_text() == "harness harness.pytest_plugin"


def untimed(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed, without how long it took, and without our name in pytest's list of plugins."""
    return re.sub(r" in \d+\.\d+s|, llm-harness-[\d.]+", "", done.stdout)
