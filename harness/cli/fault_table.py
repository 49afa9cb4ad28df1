"""The fault table: each fault against the real client on a fleet of its own, on each wire, beside what is right."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.ask import Account, Answer, Case, Deadlines, Limits, Prompt, Provider, Retries, Secret, ToolCall, Trial
from harness.cli.fault_rows import ANSWERED, ROWS, Right
from harness.client import Client
from harness.render.tables import Table
from harness.simulate import FAULTS, FleetProcess, write_keys
from harness.simulate.bends import OTHER_MODEL
from harness.simulate.faults import FORCE_HEADER
from harness.simulate.reply import split
from harness.simulate.wires import WIRES
from harness.told import Attempt

SHORT_S = 0.5
"""The deadline that a fault is to run into; the others are long, so that a busy machine changes nothing."""
LONG_S = 20.0
AT_ONCE = 8

_PROFILE = "plain"
_FLEET = """[plain]
quality = { default = 1.0 }
ttft_s = { median = 0.002, sigma = 0.1 }
inter_token_s = { median = 0.0005, sigma = 0.1 }
prices = { input = 1.0, output = 2.0 }
"""
_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_SUM = Case(
    "sum",
    Prompt(({"role": "user", "content": "What is 2 + 2?"},)),
    "arithmetic",
    (),
    reference=Answer("The answer is 4, naïvely 🙂, and über jeden Zweifel erhaben."),
)
_TRIP = Case(
    "trip",
    Prompt(({"role": "user", "content": "How is the weather in Rome?"},), tools=(_WEATHER,)),
    "tools",
    (),
    reference=Answer("", (ToolCall("get_weather", '{"city": "Rome, the eternal city"}'),)),
)
_MODELS: Mapping[str, str] = MappingProxyType(
    {
        "openai": "gpt-4o-mini",
        "anthropic": "claude-sonnet-4-5",
        "gemini": "gemini-2.0-flash",
        "cohere": "command-r-plus",
        "replicate": "meta/meta-llama-3-70b-instruct",
    }
)
"""A model of each kind of provider that litellm knows; of the others any name will do."""
_PATIENT = Deadlines(LONG_S, LONG_S, LONG_S, LONG_S)
_DEADLINES: Mapping[str, Deadlines] = MappingProxyType(
    {
        "timeout_first_token": replace(_PATIENT, first_token_s=SHORT_S),
        "timeout_stall": replace(_PATIENT, stall_s=SHORT_S),
        "timeout_total": replace(_PATIENT, total_s=SHORT_S),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One fault on one wire, streamed or not: what the client made of it and what is right."""

    fault: str
    wire: str
    stream: bool
    seen: Right
    right: Right
    attempt: Attempt

    @property
    def wrong(self) -> Mapping[str, object]:
        """What differs from what is right, with what would be right."""
        differing = {name: getattr(self.right, name) for name in _NAMES if not _agrees(name, self.seen, self.right)}
        if self.fault == "other_model" and self.attempt.reply.model_served not in {OTHER_MODEL, None}:
            differing["model"] = OTHER_MODEL
        return differing


_NAMES = tuple(one.name for one in fields(Right))


def _agrees(name: str, seen: Right, right: Right) -> bool:
    found, wanted = getattr(seen, name), getattr(right, name)
    if name == "retry_after_s" and found is not None and wanted is not None:
        return bool(abs(found - wanted) <= 2.0)  # a date has whole seconds, and time passes
    if name == "text" and wanted == "perhaps some":
        return found in {"none", "some"}
    if name == "tokens" and wanted == "so far":
        return found in {"none", "so far"} or (found == "told" and seen.text == "all")
    return bool(found == wanted)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question to be asked: a fault ("": to see what is told without one) on the wire of a kind, streamed or not."""

    fault: str
    kind: str
    right: Right = ROWS["all_at_once"].streamed
    stream: bool = True
    tools: bool = False

    @property
    def case(self) -> Case:
        return _TRIP if self.tools else _SUM


async def measure(faults: Iterable[str] = tuple(ROWS), kinds: Iterable[str] = tuple(WIRES)) -> list[Line]:
    """Shows the real client each fault on the wire of each kind of provider, streamed and not.

    It starts a fleet as a process of its own, on loopback. Nothing leaves the machine but the look-up of a name that cannot exist.
    """
    asked = list(_questions(faults, tuple(kinds)))
    turns = asyncio.Semaphore(AT_ONCE)
    heavy = asyncio.Semaphore(1)  # 64 MiB each
    with _fleet() as fleet, _nobody() as nowhere:
        async with Client() as client:

            async def ask(one: _Asked) -> Attempt:
                async with heavy if one.fault == "oversized_body" else turns:
                    trial = _trial(one, _address(fleet, nowhere, one))
                    return [attempt async for attempt in client.attempts(trial)][-1]

            plain = [_Asked("", kind, tools=tools) for kind in {one.kind for one in asked} for tools in (False, True)]
            told = dict(zip(plain, await asyncio.gather(*map(ask, plain)), strict=True))
            attempts = await asyncio.gather(*map(ask, asked))
    return [
        Line(one.fault, one.kind, one.stream, _seen(attempt, one, told[_plain(one)]), one.right, attempt)
        for one, attempt in zip(asked, attempts, strict=True)
    ]


def _plain(one: _Asked) -> _Asked:
    return _Asked("", one.kind, tools=one.tools)


def _questions(faults: Iterable[str], kinds: Sequence[str]) -> Iterator[_Asked]:
    for name in faults:
        for kind in kinds:
            row = ROWS[name].but.get(kind, ROWS[name])
            if row is not None:
                yield _Asked(name, kind, row.streamed, tools=row.tools)
            if row is not None and row.whole is not None:
                yield _Asked(name, kind, row.whole, stream=False, tools=row.tools)


@contextmanager
def _fleet() -> Iterator[FleetProcess]:
    with tempfile.TemporaryDirectory(prefix="harness-faults-") as folder:
        keys, profiles = Path(folder) / "keys.jsonl", Path(folder) / "fleet.toml"
        write_keys(keys, (_SUM, _TRIP))
        profiles.write_text(_FLEET, encoding="utf-8")
        with FleetProcess(keys, fleet=profiles) as fleet:
            yield fleet


@contextmanager
def _nobody() -> Iterator[str]:
    """An address on loopback at which nobody listens, and nobody will while this lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def _address(fleet: FleetProcess, nowhere: str, one: _Asked) -> str:
    """Where to ask: at the fleet, or where the fault is."""
    base = fleet.base_url(_PROFILE, one.kind)
    place = urlsplit(base)
    match one.fault:
        case "refused":
            return urlunsplit(place._replace(netloc=nowhere))
        case "dns":
            return urlunsplit(place._replace(netloc="nobody.invalid"))
        case "tls":
            return urlunsplit(place._replace(scheme="https"))
    return base


def _trial(one: _Asked, base_url: str) -> Trial:
    name = f"{one.kind}-{one.fault or _PROFILE}"
    provider = Provider(
        name=name,
        model=f"{one.kind}/{_MODELS.get(one.kind, 'any-model')}",
        api_key=Secret("sk-simulated-no-key-at-all"),
        base_url=base_url,
        limits=Limits(max_concurrency=AT_ONCE),
        retries=Retries(0),
        deadlines=_DEADLINES.get(one.right.kind, _PATIENT),
        simulated=_PROFILE,
        account=Account(name),  # a Retry-After is for the one that met it
    )
    params: dict[str, Any] = {"max_tokens": 200}
    if one.fault in FAULTS:
        params["extra_headers"] = {FORCE_HEADER: one.fault + ROWS[one.fault].option}
    return Trial("faults", "faults", one.case, provider, params, stream=one.stream)


def _seen(attempt: Attempt, one: _Asked, told: Attempt) -> Right:
    """What the client made of it, in the words of what is right."""
    failure = attempt.failure
    return Right(
        kind=failure.kind if failure else ANSWERED,
        retryable=failure.retryable if failure else False,
        retry_after_s=failure.retry_after_s if failure else None,
        text=_text(attempt, one),
        tokens=_tokens(attempt, told),
        finish=attempt.reply.finish_reason,
    )


def _content(text: str, calls: Iterable[ToolCall]) -> str:
    return text + "".join(call.arguments for call in calls)


def _text(attempt: Attempt, one: _Asked) -> str:
    answer = one.case.reference
    assert answer is not None
    whole = _content(answer.text, answer.tool_calls)
    kept = _content(attempt.reply.text, attempt.reply.tool_calls)
    pieces = split(answer.text)
    middle = len(pieces) // 2
    twice = "".join((*pieces[: middle + 1], *pieces[middle:]))
    names = {"": "none", whole: "all", twice: "one piece twice"}
    return names.get(kept) or ("some" if whole.startswith(kept) else f"not what was sent: {kept!r}")


def _tokens(attempt: Attempt, told: Attempt) -> str:
    """How the counts stand to what is told without a fault, and to what came."""
    prompt, completion = attempt.usage.prompt_tokens, attempt.usage.completion_tokens
    if (prompt, completion) == (None, None):
        return "none"
    if prompt == told.usage.prompt_tokens:
        if completion == told.usage.completion_tokens:
            return "told"
        if completion == 0:
            return "prompt + 0"
        if completion in {None, len(split(attempt.reply.text))}:
            return "so far"
    return f"{prompt} + {completion}"


def table(lines: Iterable[Line]) -> Table:
    """The lines as a table; those of a fault that came to the same are one row."""
    lines = list(lines)
    rows: list[tuple[str, ...]] = []
    for fault, group in groupby(lines, lambda line: line.fault):
        of_fault = list(group)
        alike: dict[tuple[str, ...], list[Line]] = {}
        for line in of_fault:
            alike.setdefault(_cells(line), []).append(line)
        for number, (cells, same) in enumerate(alike.items()):
            rows.append(("" if number else fault, *_where(same, of_fault), *cells))
    wrong = sum(bool(line.wrong) for line in lines)
    note = "everything is as it should be" if not wrong else f"{wrong} of {len(lines)} are not as they should be"
    return Table("What the client makes of each fault", _HEAD, tuple(rows), note)


_HEAD = ("fault", "wire", "stream", "the client says", "side", "retry", "keeps", "tokens", "right")


def _cells(line: Line) -> tuple[str, ...]:
    seen = line.seen
    side, retry = "", ""
    if seen.kind != ANSWERED:
        after = "" if seen.retry_after_s is None else f", in {seen.retry_after_s:,.0f} s"
        side, retry = seen.side, f"yes{after}" if seen.retryable else "no"
    keeps = seen.text + (f", {seen.finish}" if seen.finish else "")
    wrong = "; ".join(f"{name}: {value}" for name, value in line.wrong.items())
    return seen.kind, side, retry, keeps, seen.tokens, f"no: {wrong}" if wrong else "yes"


def _where(group: Sequence[Line], of_fault: Sequence[Line]) -> tuple[str, str]:
    """The wires of the lines, by the shorter list, and whether they were streamed."""
    here, modes = {line.wire for line in group}, {line.stream for line in group}
    others = {line.wire for line in of_fault} - here
    names = ", ".join(sorted(here))
    if len(others) < len(here):
        names = f"all but {', '.join(sorted(others))}" if others else "all"
    return names, "both" if len(modes) == 2 else "yes" if modes == {True} else "no"


def as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Each line as plain values: the fault, the wire, what the client saw, what is right, what differs."""
    return [
        {
            "fault": line.fault,
            "wire": line.wire,
            "stream": line.stream,
            "seen": asdict(line.seen) | {"side": line.seen.side},
            "right": asdict(line.right) | {"side": line.right.side},
            "wrong": dict(line.wrong),
        }
        for line in lines
    ]


def listing() -> Table:
    """Every fault that the fleet can show, by the name for a request's header or a profile's rates."""
    rows = [(name, fault.says, "streams only" if fault.stream_only else "") for name, fault in FAULTS.items()]
    return Table("Faults of the simulated fleet", ("fault", "what it is", ""), tuple(rows), f"{FORCE_HEADER}: NAME")
