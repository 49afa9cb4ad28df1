"""Cases a second at concurrency 64, and CPU a call: ours asks, records and judges; the others only ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from tests.perf.found import Check, Section, table, times
from tests.perf.paced_server import Served
from tests.perf.work import Client, Job
from tests.perf.worker import NAMES, OURS, TWO

AT_ONCE = 64
PLAIN, SLOW = "aiohttp", ("openai", "litellm")
ALWAYS = tuple(name for name in NAMES if name not in (*SLOW, TWO))
"""Who takes part in each round; the others in the first only."""


@dataclass(frozen=True, slots=True)
class Service:
    """How long the server takes, how many calls a round has, and the share of plain aiohttp's rate that ours is to reach."""

    delay_s: float
    calls: int
    share: float

    def __str__(self) -> str:
        return f"{self.delay_s * 1000:g} ms service"


SERVICES = (Service(0.05, 5000, 0.95), Service(0.0, 4000, 0.40))


@dataclass(frozen=True, slots=True)
class Round:
    """Cases a second over all that the client does, calls a second as the server saw them, CPU in ms a call."""

    rate: float
    asking: float
    cpu_ms: float


def one_round(served: Served, worker: Client, service: Service, calls: int) -> Round:
    """So many calls by one client."""
    served.log()
    done = worker.do(Job(served.whole(service.delay_s), calls, at_once=AT_ONCE))
    seen = sorted(served.log(), key=lambda one: one.read_at)[-calls:]
    span_s = max(one.last_at for one in seen) - seen[0].read_at
    return Round(calls / done.wall_s, calls / span_s, 1000 * done.cpu_s / calls)


def measure(served: Served, workers: Mapping[str, Client], services: tuple[Service, ...], rounds: int) -> Section:
    """All clients in turn, `rounds` times; slow ones in the first round only, with fewer calls."""
    section = Section(
        f"Evaluated cases a second, {AT_ONCE} at once, and CPU a call",
        "Ours is `harness run` without start-up and report: planned, warmed up, asked, journaled, made into Parquet, judged. The others ask and "
        f"read, and nothing else. Medians of {times(rounds)}; {' and '.join(SLOW)}: one round, a quarter of the calls; {TWO}: one round, without the start "
        "of its processes, each of which asks a provider of its own; other harnesses: one round of 1,000 cases at most, without their start.",
    )
    for service in services:
        asked = [name for name in workers if name in NAMES or service is services[0]]
        taken: dict[str, list[Round]] = {name: [] for name in asked}
        for number in range(rounds):
            order = asked if number % 2 == 0 else asked[::-1]
            for name in order:
                if number == 0 or name in ALWAYS:
                    taken[name].append(one_round(served, workers[name], service, _calls(name, service)))
        section.tables.append(f"### {service}, {service.calls:,} calls a round\n\n{_table(taken)}")
        section.checks += _checks(service, taken)
        section.data[str(service)] = {
            name: [{"cases_s": one.rate, "asking_s": one.asking, "cpu_ms": one.cpu_ms} for one in done]
            for name, done in taken.items()
        }
    return section


def _calls(name: str, service: Service) -> int:
    return service.calls if name in (*ALWAYS, TWO) else service.calls // 4 if name in SLOW else min(1000, service.calls)


def _table(taken: Mapping[str, list[Round]]) -> str:
    base = taken[PLAIN]
    rows = [
        (
            name,
            median(one.rate for one in rounds),
            f"{100 * median(one.rate / plain.rate for one, plain in zip(rounds, base, strict=False)):.0f} %",
            median(one.asking for one in rounds),
            f"{100 * median(one.asking / plain.asking for one, plain in zip(rounds, base, strict=False)):.0f} %",
            median(one.cpu_ms for one in rounds),
            f"{median(one.cpu_ms / plain.cpu_ms for one, plain in zip(rounds, base, strict=False)):.2f} ×",
        )
        for name, rounds in taken.items()
    ]
    return table(
        ("client", "cases a second", "of aiohttp", "while asking", "of aiohttp", "CPU ms a call", "of aiohttp"), rows
    )


def _checks(service: Service, taken: Mapping[str, list[Round]]) -> list[Check]:
    pairs = list(zip(taken[OURS], taken[PLAIN], strict=True))
    share = median(one.rate / plain.rate for one, plain in pairs)
    cpu = median(one.cpu_ms / plain.cpu_ms for one, plain in pairs)
    return [
        Check(
            f"cases a second at {service}",
            f"{100 * share:.0f} % of aiohttp",
            f"≥ {100 * service.share:.0f} %",
            share >= service.share,
        ),
        Check(f"CPU a call at {service}", f"{cpu:.2f} × aiohttp", "≤ 2.5 ×", cpu <= 2.5),
    ]
