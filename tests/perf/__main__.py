"""`make perf`: the harness beside its peers, in one run, on one machine. See `--help`."""

import argparse
import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.perf import fidelity, machine, micro, scratch, storing, throughput, whole_run
from tests.perf.found import Check, Section, table, targets
from tests.perf.paced_server import serving
from tests.perf.work import Job
from tests.perf.worker import NAMES, Worker

PARTS = ("fidelity", "throughput", "start-up", "memory", "recording", "parts")
SHARED = (
    "Server and clients share the cores of one machine, and whoever else uses it takes part in the figures: the ratios within one run "
    "count, not the milliseconds."
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything is measured."""

    shapes: tuple[fidelity.Shape, ...]
    services: tuple[throughput.Service, ...]
    rounds: int
    trials: tuple[int, ...]
    rows: int
    quick: bool


FULL = Size(fidelity.SHAPES, throughput.SERVICES, 5, (1_000, 10_000, 100_000), 1_000_000, quick=False)
QUICK = Size(
    fidelity.SHAPES[1:3],
    (throughput.Service(0.05, 640, 0.95), throughput.Service(0.0, 1000, 0.40)),
    1,
    (1_000, 2_000),
    20_000,
    quick=True,
)
TINY = Size((fidelity.Shape(4, 5, 0.01),), (throughput.Service(0.0, 64, 0.40),), 1, (100,), 200, quick=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write; 0 also where a target was missed, since a busy machine misses some."""
    options = _parser().parse_args(arguments)
    size = {"full": FULL, "quick": QUICK, "tiny": TINY}[options.size]
    begun = datetime.now(UTC)
    about = machine.described()
    sections = []
    with ExitStack() as stack:
        for section in _measure(stack, size, options.only or PARTS, options.peers):
            sections.append(section)
            path = _write(options.out, begun, about, sections)  # after each: the next may be interrupted
            _say(f"\n{section.text()}\n")
    checks = [check for section in sections for check in section.checks]
    _say(f"\n## Targets\n\n{targets(checks)}\n")
    missed = sum(check.met is False for check in checks)
    _say(
        f"\n{missed} of {len(checks)} targets missed. {textwrap.fill(SHARED, 96)}\nwritten to {path} and {path.with_suffix('.json').name}\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.perf", description="Measure the harness beside its peers.")
    parser.add_argument(
        "--quick", dest="size", action="store_const", const="quick", default="full", help="about a minute, fewer rounds"
    )
    parser.add_argument(
        "--tiny", dest="size", action="store_const", const="tiny", help="seconds: whether it runs at all"
    )
    parser.add_argument(
        "--only", type=lambda text: tuple(text.split(",")), metavar="PART,…", help=f"some of {', '.join(PARTS)}"
    )
    parser.add_argument("--out", type=Path, default=Path("reports/perf"), metavar="DIR", help="where the report goes")
    parser.add_argument(
        "--peers",
        type=scratch.chosen,
        default=(),
        metavar="NAME,…",
        help=f"install other harnesses into {scratch.ENVIRONMENTS} and measure them too: {', '.join(scratch.PEERS)} (guidellm brings torch, 4 GB)",
    )
    return parser


def _measure(stack: ExitStack, size: Size, only: tuple[str, ...], peers: tuple[str, ...]) -> Iterator[Section]:
    served = stack.enter_context(serving())
    if {"fidelity", "throughput"} & set(only):
        workers = {name: stack.enter_context(Worker(name)) for name in NAMES}
        for name, worker in workers.items():
            _say(f"{name} comes up …\n")
            worker.do(Job(served.whole(0.0), 8, at_once=4))
            worker.do(Job(served.stream(0.0, 2, 0.0), 4, spread_s=0.1))

    def fidelity_of_all() -> Section:
        timing, notes = scratch.installed(served, peers, streams=True)
        return _noted(fidelity.measure(served, {**workers, **timing}, size.shapes, size.rounds), notes)

    def throughput_of_all() -> Section:
        evaluating, notes = scratch.installed(served, peers, streams=False)
        return _noted(throughput.measure(served, {**workers, **evaluating}, size.services, size.rounds), notes)

    parts: dict[str, Callable[[], Section]] = {
        "fidelity": fidelity_of_all,
        "throughput": throughput_of_all,
        "start-up": lambda: whole_run.start_up(served, min(size.rounds, 3)),
        "memory": lambda: whole_run.memory(served, size.trials),
        "recording": lambda: storing.measure(size.rows),
        "parts": lambda: micro.measure(quick=size.quick),
    }
    for name, part in parts.items():
        if name in only:
            begun = time.monotonic()
            _say(f"{name} …\n")
            yield part()
            _say(f"{name} took {time.monotonic() - begun:.0f} s\n")


def _noted(section: Section, notes: list[str]) -> Section:
    section.notes += notes
    return section


def _write(folder: Path, begun: datetime, about: dict[str, str], sections: list[Section]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{begun:%Y%m%d-%H%M%S}.md"
    checks = [check for section in sections for check in section.checks]
    parts = [
        "# How fast the harness is",
        f"{begun:%Y-%m-%d %H:%M} UTC. {textwrap.fill(SHARED, 96)}",
        table(("machine", ""), about.items()),
        f"## Targets\n\n{targets(checks)}",
        *(section.text() for section in sections),
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    told = {
        "at": begun.isoformat(),
        "machine": about,
        "targets": [_plain(check) for check in checks],
        **{section.title: section.data for section in sections},
    }
    path.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return path


def _plain(check: Check) -> dict[str, object]:
    return {"what": check.what, "figure": check.figure, "target": check.target, "met": check.met}


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
