"""Peers that are no dependency of ours: installed on request into an environment of their own, and asked by a program beside this file."""

import json
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.perf.paced_server import Served
from tests.perf.work import MODEL, STORY, Done, Job
from tests.perf.worker import JobFailed

HERE = Path(__file__).parent
ENVIRONMENTS = Path(".venv/peers")


@dataclass(frozen=True, slots=True)
class Scratch:
    """What pip is asked for, the program that asks, and whether it times streams or evaluates whole answers."""

    packages: tuple[str, ...]
    program: str
    streams: bool = False


PEERS = {
    "inspect_ai": Scratch(("inspect_ai", "openai"), "inspect_peer.py"),
    "lm_eval": Scratch(("lm_eval[api]",), "lm_eval_peer.py"),
    "guidellm": Scratch(("guidellm",), "guidellm_peer.py", streams=True),
}


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them, installed. Each job is a process of its own, whose start is not in the figures."""

    name: str
    python: Path

    def do(self, job: Job) -> Done:
        """Have the job done.

        Raises:
            JobFailed: the peer broke.
        """
        told = json.dumps({**asdict(job), "model": MODEL, "story": STORY})
        said = _said([str(self.python), str(HERE / PEERS[self.name].program), told])
        return Done(**json.loads(said.splitlines()[-1]))


def installed(served: Served, names: tuple[str, ...], *, streams: bool) -> tuple[Mapping[str, Peer], list[str]]:
    """Those of the peers that time streams, or that evaluate; and of each that cannot be installed or run here a note why."""
    peers, notes = {}, []
    for name in names:
        if PEERS[name].streams is streams:
            try:
                peer = Peer(name, _python(name))
                job = Job(served.stream(0.0, 2, 0.0), 4, spread_s=0.1) if streams else Job(served.whole(0.0), 8)
                peer.do(job if streams else replace(job, at_once=4))
                peers[name] = peer
            except (JobFailed, OSError, subprocess.CalledProcessError) as error:
                notes.append(f"{name} takes no part, it could not be installed or run here: {error}")
    served.log()
    return peers, notes


def _python(name: str) -> Path:
    """The Python of the peer's environment, made on first use."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    _said([str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PEERS[name].packages])
    return python


def _said(command: list[str]) -> str:
    """What a command printed; raises JobFailed with the end of what it complained of."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise JobFailed(f"{Path(command[1]).name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def chosen(text: str) -> tuple[str, ...]:
    """The peers of `--peers a,b`; ends the program where one is not known."""
    names = tuple(text.replace("lm-eval", "lm_eval").split(","))
    if unknown := [name for name in names if name not in PEERS]:
        sys.exit(f"no such peer: {', '.join(unknown)}; there is {', '.join(PEERS)}")
    return names
