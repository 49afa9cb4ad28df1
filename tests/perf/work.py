"""What a client is given to do, and what it came to: the same for ours and for its peers."""

import gc
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

MODEL = "gpt-4o-mini"
KEY = "sk-not-needed"
PARAMS = {"temperature": 0.2, "max_tokens": 500}
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
STORY = "A farmer has seventeen sheep, and all but nine run away. How many are left?\n" * 8


def messages(number: int) -> list[dict[str, Any]]:
    """A question of some length, each a little different."""
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{number}: {STORY}"}]


@dataclass(frozen=True, slots=True)
class Job:
    """So many questions to `url`: as streams begun evenly over `spread_s` seconds, or whole with `at_once` in flight, by so many processes."""

    url: str
    count: int
    spread_s: float | None = None
    at_once: int = 0
    workers: int = 1

    @property
    def stream(self) -> bool:
        """Whether the answers are streams."""
        return self.spread_s is not None


@dataclass
class Done:
    """CPU and wall seconds that a job took; of streams also what the client read off its clock, in seconds."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    ttft_s: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)
    saturated: int = 0


class Client(Protocol):
    """Whoever does jobs."""

    def do(self, job: Job) -> Done:
        """Have the job done."""
        ...


@contextmanager
def measured(done: Done) -> Iterator[None]:
    """Adds what the block takes, its processes that ended among it, without collections of what was made before it."""
    gc.collect()
    gc.freeze()
    cpu, wall = _cpu_s(), time.perf_counter()
    try:
        yield
    finally:
        done.cpu_s += _cpu_s() - cpu
        done.wall_s += time.perf_counter() - wall
        gc.unfreeze()


def _cpu_s() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
