"""Peers that are no dependency of ours: installed on request into an environment of their own, and asked for cases a second."""

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.perf.found import Section, table
from tests.perf.paced_server import Served
from tests.perf.throughput import AT_ONCE, Service
from tests.perf.work import MODEL, STORY
from tests.perf.worker import JobFailed

HERE = Path(__file__).parent
ENVIRONMENTS = Path(".venv/peers")


@dataclass(frozen=True, slots=True)
class Scratch:
    """What pip is asked for, and the program beside this file that asks."""

    packages: tuple[str, ...]
    program: str


PEERS = {"inspect_ai": Scratch(("inspect_ai", "openai"), "inspect_peer.py")}


def measure(served: Served, names: tuple[str, ...], services: tuple[Service, ...], calls: int) -> Section:
    """Cases a second by each of them; one round, without their start-up."""
    rows, data, notes = [], {}, []
    for name in names:
        try:
            python = _installed(name)
            for service in services:
                job = {"url": served.whole(service.delay_s), "count": calls, "at_once": AT_ONCE, "model": MODEL}
                took = json.loads(
                    _said([str(python), str(HERE / PEERS[name].program), json.dumps(job | {"story": STORY})])
                )
                rows.append((f"{name}, {service}", calls / took["wall_s"], 1000 * took["cpu_s"] / calls))
                data[f"{name}, {service}"] = took
        except JobFailed as error:
            notes.append(f"{name}: {error}")
    served.log()
    return Section(
        f"Other harnesses, evaluated cases a second, {AT_ONCE} at once",
        f"{calls:,} cases, one round, without their start-up.",
        [table(("harness", "cases a second", "CPU ms a call"), rows)] if rows else [],
        notes,
        data=data,
    )


def _installed(name: str) -> Path:
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
        raise JobFailed(f"{Path(command[0]).name} {command[1]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def chosen(text: str) -> tuple[str, ...]:
    """The peers of `--peers a,b`; ends the program where one is not known."""
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in PEERS]:
        sys.exit(f"no such peer: {', '.join(unknown)}; there is {', '.join(PEERS)}")
    return names
