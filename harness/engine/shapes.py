"""The shapes of load: how many requests are in flight, or how many go out a second, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness.errors import WrongUse

Arrivals = Literal["constant", "poisson", "gamma"]
RAMP_STEPS = 10
"""A ramp is reported in this many steps of equal length."""


@dataclass(frozen=True, slots=True)
class Closed:
    """So many requests in flight for each provider, the next one as soon as one has ended; None: as its own limits say."""

    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """`rate` requests a second to each provider, whether or not those before have ended: what users do.

    `arrivals` are evenly spaced, or drawn: Poisson (gaps exponential), or gamma with the shape `burstiness` (1 is Poisson, below is
    burstier, above is more even). With `ramp_from` the rate rises or falls from there to `rate` in a straight line. The load lasts for `duration_s`, asking
    cases again or leaving some out; None: until each trial was asked. At most `concurrency` are in flight (None: as the provider's own
    limits say). Those that find no free slot wait; with `queue` at most so many do, and what arrives beyond is dropped.

    Raises:
        WrongUse: figures that are no load.
    """

    rate: float
    duration_s: float | None = None
    arrivals: Arrivals = "constant"
    burstiness: float = 1.0
    ramp_from: float | None = None
    concurrency: int | None = None
    queue: int | None = None

    def __post_init__(self) -> None:
        """Check the figures against each other."""
        if self.rate <= 0 or self.burstiness <= 0 or (self.duration_s or 1.0) <= 0 or (self.ramp_from or 0.0) < 0:
            raise WrongUse("a load's rate, duration and burstiness are above 0, and a ramp begins at 0 or above")
        if self.burstiness != 1.0 and self.arrivals != "gamma":
            raise WrongUse(f"--burstiness shapes gamma arrivals, not {self.arrivals} ones: add --arrivals gamma")
        if self.ramp_from is not None and self.duration_s is None:
            raise WrongUse("--ramp rises from one rate to another over a time: say with --duration how long it takes")

    def level(self, at_s: float) -> float:
        """What a report puts an arrival at this moment under, in requests a second: the rate, or of a ramp the middle of its step."""
        if self.ramp_from is None or self.duration_s is None:
            return self.rate
        step = min(int(RAMP_STEPS * at_s / self.duration_s), RAMP_STEPS - 1)
        return self.ramp_from + (self.rate - self.ramp_from) * (step + 0.5) / RAMP_STEPS


@dataclass(frozen=True, slots=True)
class Sweep:
    """One load after the other, each begun when a provider has answered what the one before asked: to find the knee."""

    stages: tuple[Closed, ...] | tuple[Open, ...]


Load = Closed | Open | Sweep
AS_LIMITED = Closed()
"""As many in flight as each provider's own limits say."""


def stages(load: Load) -> tuple[Closed | Open, ...]:
    """The loads one after the other: those of a sweep, otherwise the one."""
    return load.stages if isinstance(load, Sweep) else (load,)


def as_json(load: Load) -> Mapping[str, Any]:
    """The load as plain JSON, for the run's record: `kind` closed, open or sweep, with what is set."""
    if isinstance(load, Sweep):
        return {"kind": "sweep", "stages": [as_json(one) for one in load.stages]}
    names = type(load).__dataclass_fields__
    said = {name: getattr(load, name) for name in names}
    return {"kind": type(load).__name__.lower(), **{name: value for name, value in said.items() if value is not None}}


def sweep_of(shape: Open | Closed, levels: tuple[float, ...]) -> Load:
    """The shape at each of the levels in turn; a single level is no sweep. Levels are rates of an open shape, requests in flight of a closed one."""
    if isinstance(shape, Open):
        rates = tuple(replace(shape, rate=level) for level in levels)
        return Sweep(rates) if len(rates) > 1 else rates[0]
    flights = tuple(Closed(int(level)) for level in levels)
    return Sweep(flights) if len(flights) > 1 else flights[0]
