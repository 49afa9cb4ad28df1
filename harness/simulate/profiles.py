"""The profiles of the simulated providers: what is true of each, read from a TOML file and checked."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from random import Random
from typing import Any

from harness.ask import Answer, Prices
from harness.errors import BadInput, Problem
from harness.simulate.faults import FAULTS
from harness.simulate.keys import NOT_KNOWN, Key
from harness.simulate.quotas import QUOTAS
from harness.simulate.reply import Ask

SHIPPED = Path(__file__).with_name("fleet.toml")
"""The fleet that comes with the package."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A duration in seconds: exp(N(ln median, sigma²))."""

    median: float
    sigma: float

    def draw(self, rng: Random) -> float:
        """One duration."""
        return rng.lognormvariate(math.log(self.median), self.sigma)


@dataclass(frozen=True)
class Profile:
    """What is true of one simulated provider.

    `quality` is the probability of a right reply for each capability, `default_quality` for the others; `prices` are in USD
    for one token; `faults` are shares of requests by the names in `faults.FAULTS`; `limits` is what it takes at most, by the names in
    `quotas.QUOTAS`. `within` says by capability what is otherwise there: a service that is worse, slower, dearer or gone for a part of what it is asked.
    `overhead` are counted beside the prompt's own, as hidden instructions are. One that `says` something says that to everything, and none
    says more than `most_tokens`: a judge that answers nonsense, one that refuses, one that never comes to its verdict.
    """

    name: str
    default_quality: float
    ttft_s: LogNormal
    inter_token_s: LogNormal
    prices: Prices
    quality: Mapping[str, float] = field(default_factory=dict)
    faults: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    overhead: int = 0
    says: str | None = None
    most_tokens: int | None = None
    within: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def at(self, capability: str | None) -> Profile:
        """The profile as it is for questions of this capability; None is of none that is known."""
        return replace(self, **self.within[capability]) if capability and capability in self.within else self

    def quality_in(self, capability: str) -> float:
        """The probability of a right reply to a question of this capability."""
        return self.quality.get(capability, self.default_quality)

    def answer(self, key: Key | None, *, right: bool) -> Answer:
        """What it says to a question of this key (None: it knows none), when it is right or wrong."""
        if self.says is not None:
            return Answer(self.says)
        return NOT_KNOWN if key is None else key.right if right else key.wrong

    def limited(self, ask: Ask) -> Ask:
        """The request with no more tokens to be said than it ever says."""
        if self.most_tokens is None:
            return ask
        return replace(ask, max_tokens=min(ask.max_tokens or self.most_tokens, self.most_tokens))

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What a request costs in USD; nothing is cached."""
        return prompt_tokens * (self.prices.input or 0.0) + completion_tokens * (self.prices.output or 0.0)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The simulated providers by name."""

    profiles: Mapping[str, Profile]


def load_fleet(path: Path = SHIPPED) -> Fleet:
    """Reads the profiles; raises BadInput with every problem for a file that cannot be read or says something wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput([Problem(path, None, f"cannot be read as TOML: {error}")]) from error
    wrong = [Problem(path, None, message) for name, table in data.items() for message in _complaints(name, table)]
    if not data:
        wrong.append(Problem(path, None, "no profile in it", "give at least one [name] with quality, times and prices"))
    if wrong:
        raise BadInput(wrong)
    return Fleet({name: _profile(name, table) for name, table in data.items()})


def _profile(name: str, table: Mapping[str, Any]) -> Profile:
    quality = dict(table["quality"])
    return Profile(
        name=name,
        default_quality=quality.pop("default"),
        quality=quality,
        ttft_s=LogNormal(**table["ttft_s"]),
        inter_token_s=LogNormal(**table["inter_token_s"]),
        prices=Prices(**{kind: usd / MILLION for kind, usd in table["prices"].items()}),
        faults=dict(table.get("faults", {})),
        limits=dict(table.get("limits", {})),
        says=table.get("says"),
        most_tokens=table.get("most_tokens"),
        within={capability: _otherwise(said) for capability, said in table.get("within", {}).items()},
    )


def _otherwise(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a capability's table puts in place of the profile's own."""
    times = {part: LogNormal(**said[part]) for part in ("ttft_s", "inter_token_s") if part in said}
    rest: dict[str, Any] = {part: said[part] for part in ("faults", "overhead") if part in said}
    return {**rest, **times}


_PRICE_NAMES = frozenset(one.name for one in fields(Prices)) - {"id"}
_TIME_NAMES = frozenset(one.name for one in fields(LogNormal))


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a table of numbers may hold: the keys it needs, those it may have (None: any), the largest value."""

    needs: frozenset[str]
    may: frozenset[str] | None
    most: float
    optional: bool = False


_RULES: Mapping[str, _Rule] = {
    "quality": _Rule(frozenset({"default"}), None, 1.0),
    "ttft_s": _Rule(_TIME_NAMES, _TIME_NAMES, 600.0),
    "inter_token_s": _Rule(_TIME_NAMES, _TIME_NAMES, 600.0),
    "prices": _Rule(frozenset({"input", "output"}), _PRICE_NAMES, math.inf),
    "faults": _Rule(frozenset(), frozenset(FAULTS), 1.0, optional=True),
    "limits": _Rule(frozenset(), QUOTAS, math.inf, optional=True),
}


_ABOVE_0 = QUOTAS | {"median"}


def _complaints(name: str, table: object) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{name!r} is not a profile: write it as a table, [{name}]"
        return
    for key in table.keys() - _RULES.keys() - {"within", "says", "most_tokens"}:
        yield f"{name}: unknown key {key!r}{_close(key, _RULES)}"
    if not isinstance(table.get("says", ""), str):
        yield f"{name}.says is not a text: {table['says']!r}"
    most = table.get("most_tokens", 1)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        yield f"{name}.most_tokens is not a whole number from 1: {most!r}"
    for part, rule in _RULES.items():
        if part in table:
            yield from (f"{name}.{part}{message}" for message in _numbers(table[part], rule))
        elif not rule.optional:
            yield f"{name}: {part!r} is missing"
    yield from _within(name, table.get("within", {}))


_WITHIN = ("ttft_s", "inter_token_s", "faults")


def _within(name: str, capabilities: object) -> Iterator[str]:
    tables = capabilities.values() if isinstance(capabilities, dict) else [capabilities]
    if not all(isinstance(table, dict) for table in tables):
        yield f"{name}.within holds a table for each capability: [{name}.within.facts]"
        return
    assert isinstance(capabilities, dict)
    for capability, table in capabilities.items():
        where = f"{name}.within.{capability}"
        for key in table.keys() - {*_WITHIN, "overhead"}:
            yield f"{where}: unknown key {key!r}; known are {', '.join(_WITHIN)}, overhead"
        for part in _WITHIN:
            if part in table:
                yield from (f"{where}.{part}{message}" for message in _numbers(table[part], _RULES[part]))
        extra = table.get("overhead", 0)
        if isinstance(extra, bool) or not isinstance(extra, int) or extra < 0:
            yield f"{where}.overhead is not a whole number from 0: {extra!r}"


def _numbers(values: object, rule: _Rule) -> Iterator[str]:
    if not isinstance(values, dict):
        yield " is not a table of numbers"
        return
    for key in sorted(rule.needs - values.keys()):
        yield f": {key!r} is missing"
    for key, value in values.items():
        if rule.may is not None and key not in rule.may:
            yield f": unknown key {key!r}{_close(key, rule.may)}"
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield f".{key} is not a number: {value!r}"
        elif not 0 <= value <= rule.most or (value == 0 and key in _ABOVE_0):
            yield f".{key} is {value}, which is not from 0 to {rule.most:g}" + (
                ", 0 left out" if key in _ABOVE_0 else ""
            )
    if rule.may == _RULES["faults"].may and sum(v for v in values.values() if isinstance(v, int | float)) > 1:
        yield " sum to more than 1"


def _close(key: str, known: Mapping[str, object] | frozenset[str]) -> str:
    near = difflib.get_close_matches(key, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"
