"""A disk that fills up or may not be written: a clear error, exit code 3, and what was recorded is kept."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.errors import ExitCode
from tests.cli.conftest import call
from tests.cli.loopback import loopback

REGISTRY = '[[providers]]\nname = "mine"\nmodel = "openai/m"\nbase_url = "{}"\napi_key = "x"\nmax_retries = 0\n'
RUN = ("run", "--providers=own.toml", "--no-warmup", "--concurrency=1", "--repeat=20")
TRIALS = 20 * 5
HARNESS = (sys.executable, "-m", "harness")

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]
OTHERS = ["unshare", "--user"]
"""Root without its powers: the folder's permissions hold for it as for everybody."""


def _can(*words: str) -> bool:
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


needs_mounts = pytest.mark.skipif(
    not _can(*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"), reason="no file system may be mounted here"
)
needs_no_power = pytest.mark.skipif(
    os.geteuid() == 0 and not _can(*OTHERS, "true"), reason="root may write everywhere, and cannot lay that down here"
)


def ended(words, **more):
    """How a process of its own ended; and what it printed."""
    return subprocess.run(words, check=False, text=True, capture_output=True, timeout=120, **more)


@pytest.fixture
def server(project):
    with loopback() as served:
        (project / "own.toml").write_text(REGISTRY.format(served.url))
        yield served


def the_run(place):
    (folder,) = (place / "reports" / "runs").iterdir()
    return harness.load_run(folder)


def rest_is_asked(project, server):
    """A resume asks what is not recorded: at most the one call that was in flight is asked twice."""
    kept = the_run(project)
    assert 0 < kept.trials < TRIALS
    assert len(server.bodies) - kept.trials <= 1
    said = call("resume")
    assert said.code == ExitCode.FINE, said.err
    assert the_run(project).trials == TRIALS
    assert len(server.bodies) <= TRIALS + 1


def test_a_file_that_may_not_grow_ends_the_run_and_a_resume_asks_the_rest(project, server):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))

    uncovered = {
        name: value for name, value in os.environ.items() if not name.startswith("COV")
    }  # its file may not grow either
    said = ended([*HARNESS, *RUN], preexec_fn=small_files, env=uncovered)
    assert said.returncode == ExitCode.BROKEN
    assert ".jsonl cannot be written: the file may not grow further" in said.stderr
    assert "What was recorded so far is in it" in said.stderr
    assert "Traceback" not in said.stderr
    rest_is_asked(project, server)


@needs_mounts
def test_a_full_disk_ends_the_run_and_with_space_again_a_resume_asks_the_rest(project, server):
    (project / "reports").mkdir()
    harness_, run = " ".join(HARNESS), " ".join(RUN)
    script = f"""\
        mount -t tmpfs -o size=96k none reports
        {harness_} {run}; echo code $?
        {harness_} recover; echo code $?
        mount -o remount,size=16m reports
        {harness_} recover; echo code $?
        {harness_} resume; echo code $?
        mkdir kept; cp -r reports/. kept
    """
    said = ended([*UNSHARE, "sh", "-c", script])
    codes = [int(line.split()[1]) for line in said.stdout.splitlines() if line.startswith("code ")]
    assert codes[0] == ExitCode.BROKEN, said.stdout + said.stderr
    assert codes[2:] == [ExitCode.FINE, ExitCode.FINE], said.stdout + said.stderr
    assert "cannot be written: the disk is full: free some space and try again" in said.stderr
    assert "Traceback" not in said.stderr
    (folder,) = (project / "kept" / "runs").iterdir()
    assert harness.load_run(folder).trials == TRIALS
    assert TRIALS <= len(server.bodies) <= TRIALS + 1


@needs_mounts
def test_a_read_only_disk_is_told_before_anything_is_sent(project, server):
    (project / "reports").mkdir()
    script = f"mount -t tmpfs -o ro none reports; exec {' '.join((*HARNESS, *RUN))}"
    said = ended([*UNSHARE, "sh", "-c", script])
    assert said.returncode == ExitCode.BROKEN
    assert (
        "cannot be made: the file system is read-only: choose another folder with --reports. Nothing was sent"
        in said.stderr
    )
    assert server.bodies == []


@needs_no_power
def test_a_folder_without_permission_is_told_before_anything_is_sent(project, server):
    (project / "reports").mkdir(mode=0o555)
    said = ended([*(OTHERS if os.geteuid() == 0 else []), *HARNESS, *RUN])
    assert said.returncode == ExitCode.BROKEN
    assert "cannot be made: permission denied: change the permissions, or choose another folder" in said.stderr
    assert server.bodies == []


class Tripwire(list[dict[str, object]]):
    """What was asked; before the n-th answer something happens."""

    def __init__(self, number, act):
        super().__init__()
        self.number, self.act = number, act

    def append(self, body):
        super().append(body)
        if len(self) == self.number:
            self.act()


@needs_no_power
def test_a_run_that_loses_its_permission_while_it_goes_on_keeps_what_it_records(project, server):
    def lock():
        for folder in (project / "reports" / "runs").iterdir():
            folder.chmod(0o555)

    server.bodies = Tripwire(30, lock)
    said = ended([*(OTHERS if os.geteuid() == 0 else []), *HARNESS, *RUN])
    (folder,) = (project / "reports" / "runs").iterdir()
    folder.chmod(0o755)
    assert said.returncode == ExitCode.BROKEN
    assert "permission denied: change the permissions" in said.stderr
    assert f"What was recorded is kept in reports/runs/{folder.name}/journal" in said.stderr
    assert "Traceback" not in said.stderr
    assert the_run(project).trials == len(server.bodies) == TRIALS
    assert call("resume").code == ExitCode.FINE
    assert len(server.bodies) == TRIALS


def test_a_report_that_cannot_be_written_leaves_the_run_and_says_how_to_write_it(project, server):
    Path("reports").mkdir()
    Path("reports/latest").touch()
    said = call(*RUN)
    assert said.code == ExitCode.BROKEN
    found = the_run(project)
    again = f"The run itself is recorded: `harness report {found.run_id}` writes its report"
    assert f"harness: reports/latest cannot be written: File exists. {again}" in said.err
    assert found.trials == TRIALS
    Path("reports/latest").unlink()
    assert call("report", found.run_id).code == ExitCode.FINE
    assert Path("reports/latest/report.md").exists()


def test_a_file_where_runs_should_lie_is_told_before_anything_is_sent(project, server):
    Path("reports").touch()
    said = call(*RUN)
    assert said.code == ExitCode.BROKEN
    assert "cannot be made: a part of the path is a file, not a folder: choose another folder" in said.err
    assert server.bodies == []
