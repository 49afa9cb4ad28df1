"""Logs of inspect_ai, version 2: `.eval`, a zip of samples, and `.json`.

Source: inspect_ai's `EvalLog` and `EvalSample` (src/inspect_ai/log/_log.py); its own words for scores are C, P, I and N.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import store
from harness.errors import BadInput, Problem
from harness.load.outcomes.contract import Line, Source, Wishes, as_number, moment
from harness.store import Brought

_WORDS: Mapping[Any, float] = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
"""As in inspect_ai's `value_to_float`. N (no answer) is 0 there, and so it is here."""

ZSTD = 93
"""The number of Zstandard among the zip format's methods, which this Python may not know."""


def open_eval(file: Path, wishes: Wishes) -> Source:
    """A zip archive with `header.json` and a file for each sample."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if "header.json" not in names:
                raise _bad(file, "it has no header.json: its evaluation was cut off; `inspect log recover` can mend it")
            header = json.loads(_member(file, archive, "header.json"))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _bad(file, f"it is no log of inspect_ai: {error}") from error
    source = Source(file, f"inspect_ai log, {_state(header)}", iter(()))
    source.lines = _lines(_zipped(file), header, wishes, source)
    return source


def _zipped(file: Path) -> Iterator[dict[str, Any] | str]:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.startswith("samples/") and name.endswith(".json"):
                try:
                    yield json.loads(_member(file, archive, name))
                except (ValueError, zipfile.BadZipFile, zlib.error) as error:
                    yield f"{name}: {error}"


def _member(file: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    about = archive.getinfo(name)
    if about.compress_type != ZSTD:
        return archive.read(name)
    with file.open("rb") as raw:
        raw.seek(about.header_offset)
        head = raw.read(30)  # of which the last four bytes are the lengths of the name and of the extra field
        raw.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
        content = store.unpacked(raw.read(about.compress_size), about.file_size)
    if zlib.crc32(content) != about.CRC:
        raise ValueError("its checksum is wrong")
    return content


def open_json(file: Path, wishes: Wishes) -> Source:
    """One JSON document."""
    try:
        log = json.loads(file.read_bytes())
        header = {"eval": log["eval"], "status": log.get("status")}
        samples = log.get("samples") or []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _bad(file, f"it is no log of inspect_ai: {error}") from error
    source = Source(file, f"inspect_ai log, {_state(header)}", iter(()))
    source.lines = _lines(iter(samples), header, wishes, source)
    return source


def _state(header: Mapping[str, Any]) -> str:
    return f"status {header.get('status') or 'unknown'}"


def _bad(file: Path, why: str) -> BadInput:
    return BadInput([Problem(file, None, why)])


def _lines(
    samples: Iterable[dict[str, Any] | str], header: Mapping[str, Any], wishes: Wishes, source: Source
) -> Iterator[Line]:
    about = header["eval"]
    for number, sample in enumerate(samples, 1):
        if isinstance(sample, str):
            yield number, sample
            continue
        try:
            yield number, _outcome(sample, about, wishes, source)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield number, f"sample {sample.get('id')!r}: {type(error).__name__}: {error}"


def _outcome(sample: Mapping[str, Any], about: Mapping[str, Any], wishes: Wishes, source: Source) -> Brought:
    values = _values(sample.get("scores") or {}, source)
    names = list(values)
    first = wishes.scorer if wishes.scorer in values else names[0] if names and not wishes.scorer else None
    score = (sample.get("scores") or {}).get(first, {})
    usage = list((sample.get("model_usage") or {}).values())
    output = sample.get("output") or {}
    question = sample["input"]
    task = str(about["task"])
    return Brought(
        case_id=str(sample["id"]),
        capability=wishes.values.get("capability") or task,
        provider=wishes.values.get("provider") or str(about["model"]),
        suite=wishes.suite or task,
        value=None if first is None else values[first],
        repeat=int(sample.get("epoch", 1)) - 1,
        latency_s=as_number(output.get("time")),
        started_at=moment(sample.get("started_at")),
        question=question if isinstance(question, str) else json.dumps(question, ensure_ascii=False),
        text=output.get("completion"),
        error=(sample.get("error") or {}).get("message"),
        prompt_tokens=_sum(usage, "input_tokens"),
        completion_tokens=_sum(usage, "output_tokens"),
        cost_usd=as_number(sum(one["total_cost"] for one in usage))
        if usage and all(one.get("total_cost") is not None for one in usage)
        else None,
        model=output.get("model") or None,
        scorer=first or "inspect_ai",
        reason=score.get("explanation"),
        extracted=score.get("answer"),
        others=tuple((name, value) for name, value in values.items() if name != first and value is not None),
    )


def _values(scores: Mapping[str, Any], source: Source) -> dict[str, float | None]:
    """Each scorer's value from 0 to 1; what is none (a word, a number beyond, several values) is not taken, but named."""
    found: dict[str, float | None] = {}
    for name, score in scores.items():
        value = score.get("value")
        number = _WORDS.get(value) if isinstance(value, str) and value in _WORDS else as_number(value)
        if number is None or not 0 <= number <= 1:
            source.left.add(f"values of {name} that are not from 0 to 1")
            number = None
        found[name] = number
    return found


def _sum(usage: Iterable[Mapping[str, Any]], name: str) -> int | None:
    counts = [int(one[name]) for one in usage if one.get(name) is not None]
    return sum(counts) if counts else None
