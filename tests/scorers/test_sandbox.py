"""The sandbox under attack: whatever a reply does, the verdict is true, the harness goes on, and nothing is left."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from harness.ask import Criterion
from harness.scorers import Permissions, judge_all, sandbox
from harness.scorers.sandbox import Job, Verdict, run_confined
from tests.scorers import replies

OK = "def f(x):\n    return 2 * x\n"
TESTS = "assert f(2) == 4"


def run(code: str, tests: str = TESTS, entry_point: str = "f", timeout_s: float = 20.0) -> Verdict:
    return run_confined(Job(code, tests, entry_point), timeout_s)


def test_right_code_passes():
    assert run(OK).failure is None


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("raise SystemExit", "SystemExit"),
        ("import os; os._exit(0)", "it ended before its tests did (exit code 0)"),
        ("print('ok'); print('all tests passed')", "it does not define 'f'"),
        ("import os\nfor n in range(3, 60):\n    try: os.write(n, b'ok')\n    except OSError: pass\nos._exit(0)",
         "it ended before its tests did (exit code 0)"),
        ("def f(x): quit()", "NameError: name 'quit' is not defined"),
        ("f = 3", "TypeError: 'int' object is not callable"),
        ("def f(x): return f(x)", "RecursionError: maximum recursion depth exceeded"),
        ("def f(:", "SyntaxError: "),
        ("input()", "EOFError: "),
        ("import numpy", "ModuleNotFoundError: No module named 'numpy'"),
        ("import harness", "ModuleNotFoundError: No module named 'harness'"),
    ],
)  # fmt: skip
def test_no_reply_can_pretend_to_have_passed(code, failure):
    assert (run(code).failure or "").startswith(failure)


def test_a_loop_without_end_is_ended_with_all_that_it_started():
    assert run("while True: pass", timeout_s=0.3).failure == "it was still running after 0.3 s"


def test_a_big_allocation_is_stopped():
    assert run(OK + "x = bytearray(10 * 2**30)").failure == "MemoryError"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("import os\nfor _ in range(100): os.fork()", "starting a process"),
        ("import os; os.system('true')", "starting a program"),
        ("import subprocess; subprocess.run(['true'])", "starting a program"),
        ("import os; os.execv('/bin/true', ['true'])", "starting a program"),
        ("import os; os.posix_spawn('/bin/true', ['true'], {})", "starting a program"),
        ("import multiprocessing as m; m.get_context('spawn').Process(target=print).start()", "starting a program"),
        ("import _posixsubprocess; _posixsubprocess.fork_exec()", "starting a program"),
        ("import os; os.kill(os.getppid(), 0)", "sending a signal"),
        ("import ctypes; ctypes.CDLL(None)", "calling foreign code"),
        ("import gc; gc.get_objects()", "searching the memory"),
        ("import os; os.chdir('/')", "leaving the folder"),
        ("import os; os.symlink('/', 'root')", "making a link"),
        ("import os; os.listdir('/')", "listing '/'"),
        ("open('/etc/passwd').read()", "reading '/etc/passwd'"),
        ("open('../../etc/passwd').read()", "reading '/"),
        ("open(b'/etc/passwd').read()", "reading '/etc/passwd'"),
        ("import os; open(f'/proc/{os.getppid()}/environ').read()", "reading '/proc/"),
        ("import os; os.pidfd_open(os.getppid())", "reaching a process"),
        ("import signal; signal.pidfd_send_signal(3, 0)", "sending a signal"),
        ("import os; os.mkfifo('/var/pipe')", "making a pipe"),
        ("import posix; posix.mknod('/var/node')", "making a file"),
        ("import _posixshmem; _posixshmem.shm_open('/x', 66)", "sharing memory"),
        ("import readline; readline.write_history_file('/var/x')", "No module named 'readline' here"),
        (
            "import sys; del sys.modules['_posixsubprocess']; import _posixsubprocess",
            "No module named '_posixsubprocess'",
        ),
        ("import socket; socket.socket(16, socket.SOCK_RAW, 0)", "using the network"),
        ("import ssl; ssl.create_default_context().keylog_filename = '/var/x'", "writing '/var/x'"),
        ("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')", "using the network"),
    ],
)
def test_what_a_function_under_test_never_needs_is_refused(code, failure):
    verdict = run(OK + code)
    assert verdict.failure is not None
    assert failure in verdict.failure


def test_a_fork_bomb_that_swallows_its_errors_ends_at_the_time_limit():
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    assert run(bomb, timeout_s=0.3).failure == "it was still running after 0.3 s"


def test_our_environment_is_not_there_to_read(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "made-up-key")
    assert (
        run(OK + "import os; names = sorted(os.environ)", "assert names == ['HOME', 'LC_ALL', 'TMPDIR'], names").failure
        is None
    )


def test_nothing_is_written_outside_and_the_folder_is_gone_afterwards(tmp_path):
    target = tmp_path / "written"
    for code in (f"open({str(target)!r}, 'w')", f"import os; os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY)",
                 f"import os; os.mkdir({str(target)!r})", f"open('mine', 'w').close()\nimport os; os.rename('mine', {str(target)!r})",
                 f"import sqlite3; sqlite3.connect({str(target)!r})"):  # fmt: skip
        verdict = run(OK + code)
        assert "writing" in (verdict.failure or "")
    assert not target.exists()
    verdict = run(OK + "import os\nopen('a', 'w').write('b')\nraise ValueError(os.getcwd() + '|' + open('a').read())")
    folder, _, content = (verdict.failure or "").removeprefix("ValueError: ").partition("|")
    assert content == "b"
    assert not Path(folder).exists()


def test_no_connection_is_made():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        verdict = run(
            OK + f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=1)"
        )
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "using the network" in (verdict.failure or "")


def test_what_code_often_needs_still_works():
    code = (
        OK
        + """
import asyncio, collections, concurrent.futures, dataclasses, datetime, decimal, functools, heapq, itertools, json
import logging, pathlib, random, re, statistics, subprocess, tempfile, threading, typing, unittest, zoneinfo

@dataclasses.dataclass
class Point:
    x: "int" = 1

async def later():
    await asyncio.sleep(0)
    return 1

assert asyncio.run(later()) == 1
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(f, range(4))) == 12
with tempfile.TemporaryFile() as file:
    file.write(b"x")
assert list(pathlib.Path(".").iterdir()) == []
logging.warning("to nowhere")
print("to nowhere")
if __name__ == "__main__":
    raise AssertionError("a script's own part is not run")
"""
    )
    assert run(code).failure is None


def test_a_check_of_the_tests_is_called_with_the_entry_point_and_one_of_the_reply_is_not():
    assert run("f = abs", "def check(candidate):\n    assert candidate(-2) == 3, 'off'").failure == (
        "AssertionError: off at: assert candidate(-2) == 3, 'off'"
    )
    assert run(OK + "def check(x): raise ValueError").failure is None
    assert run(OK, "def check(candidate): raise ValueError", entry_point="").failure is None


def test_a_reply_that_no_encoding_holds_is_run_all_the_same():
    assert run(OK + "# \ud800").failure is None


def test_a_flood_of_output_is_let_go():
    assert (
        run(OK + "import sys\nfor _ in range(200): print('x' * 10_000); sys.stderr.write('y' * 10_000)").failure is None
    )


def test_a_reply_killed_by_a_signal_says_which():
    assert run("import signal; signal.raise_signal(signal.SIGKILL)").failure == (
        "it ended before its tests did (killed by SIGKILL)"
    )
    assert sandbox._ending(-63) == "killed by signal 63"


def test_a_program_that_cannot_start_is_told_apart_from_one_that_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "PROGRAM", tmp_path / "missing.py")
    assert run(OK) == Verdict("it ended before its tests did (exit code 2)", None)


def test_a_pipe_that_a_fled_process_holds_does_not_hold_us(monkeypatch):
    monkeypatch.setattr(sandbox, "LINGER_S", 0.01)
    with subprocess.Popen(["sleep", "5"], stdout=subprocess.PIPE, start_new_session=True) as child:
        assert sandbox._rest(child) == b""
        sandbox._end(child)


def test_no_process_is_left(monkeypatch):
    started = []
    end = sandbox._end

    def ended(child):
        started.append(child.pid)
        end(child)

    monkeypatch.setattr(sandbox, "_end", ended)
    run("import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n" + OK)
    with pytest.raises(ProcessLookupError):
        os.killpg(started[0], 0)


def is_confined_by(what: str) -> bool:
    return what in (run(OK).isolation or "")


def test_a_database_attaches_no_file_outside(tmp_path):
    target = tmp_path / "other.db"
    verdict = run(OK + f"import sqlite3; sqlite3.connect(':memory:').execute('attach ? as o', [{str(target)!r}])")
    assert "unable to open database" in (verdict.failure or "") or "_sqlite3" in (verdict.failure or "")
    assert not target.exists()


def test_a_flood_of_files_ends_where_the_disk_does():
    if not is_confined_by("own disk"):
        pytest.skip("this system permits no mount namespace")
    flood = "n = 0\nwhile True:\n    open(str(n), 'wb').write(b'x' * 2**20)\n    n += 1"
    assert "No space left on device" in (run(flood).failure or "")


def test_the_kernel_keeps_the_disk_where_the_hook_does_not_look(tmp_path, monkeypatch):
    if not is_confined_by("own disk"):
        pytest.skip("this system permits no mount namespace")
    program = tmp_path / "confined.py"
    source = sandbox.PROGRAM.read_text()
    program.write_text(source.replace("sys.addaudithook(hook)", "pass"))
    assert program.read_text() != source
    monkeypatch.setattr(sandbox, "PROGRAM", program)
    target = tmp_path / "written"
    assert "Read-only file system" in (run(OK + f"open({str(target)!r}, 'w')").failure or "")
    assert run(OK + "open('mine', 'w').write('x')").failure is None
    assert not target.exists()


ESCAPES = [
    "import os\nwhile True: os.fork()",
    "while True: pass",
    "x = bytearray(10 * 2**30)",
    "import os; assert 'SOME_API_KEY' in os.environ",
    "open('/var/written-by-a-reply', 'w')",
    "import socket; socket.socket().connect(('127.0.0.1', 80))",
]


def test_after_every_escape_that_is_tried_the_run_goes_on(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "made-up-key")
    options = {"tests": TESTS, "entry_point": "f", "timeout_s": 2}
    one = replies.case(Criterion("code", options))
    pairs = [(one, replies.answer(OK + text)) for text in [*ESCAPES, ""]]
    scores = list(judge_all(pairs, Permissions(code=True)))
    assert [(score.state, score.value) for score in scores] == [("scored", 0.0)] * len(ESCAPES) + [("scored", 1.0)]
    assert all("[confined by: limits, audit hook, " in score.reason for score in scores)
    assert [score.reason.partition(" [")[0] for score in scores][:3] == [
        "PermissionError: starting a process is not allowed here",
        "it was still running after 2 s",
        "MemoryError",
    ]
