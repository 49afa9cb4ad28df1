"""Standings as JSON and back: what a report leaves for the registry to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import BadInput, Problem
from harness.judged import Estimate, Percentiles, Standing
from harness.store.place import Place

VERSION = 1
STANDINGS = "standings.json"
"""What they are called in reports/latest."""


def to_json(standings: Iterable[Standing]) -> str:
    """Standings as JSON text: `version`, and `standings` with the fields of `Standing`; what is unknown is null."""
    record = {"version": VERSION, "standings": [asdict(one) for one in standings]}
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, file: Path = Path("standings.json")) -> list[Standing]:
    """The standings in what `to_json` wrote; `file` is named in errors.

    Raises:
        BadInput: it is not JSON, of another version, or a standing lacks a field or has one too many.
    """
    try:
        record = json.loads(text)
        found = [_standing(one) for one in record["standings"]] if record["version"] == VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _complaint(file, str(error)) from None
    if found is None:
        raise _complaint(file, f"their version is {record['version']}, not {VERSION}")
    return found


def latest_standings(place: Place) -> list[Standing]:
    """The standings of the last report; none where there is none yet.

    Raises:
        BadInput: the file is damaged.
        StoreError: an object store cannot be asked.
    """
    file = place.fetch(f"latest/{STANDINGS}")
    return from_json(file.read_text(encoding="utf-8"), file) if file.exists() else []


def _complaint(file: Path, reason: str) -> BadInput:
    return BadInput(
        [Problem(file, None, f"these are no standings: {reason}", "let `harness report` write the file again")]
    )


def _standing(record: Mapping[str, Any]) -> Standing:
    parts = {
        "quality": _estimate(record["quality"]),
        "reliability": _estimate(record["reliability"]),
        "ttft": Percentiles(**{name: _estimate(one) for name, one in record["ttft"].items()}),
        "latency": Percentiles(**{name: _estimate(one) for name, one in record["latency"].items()}),
    }
    return Standing(**{**record, **parts})


def _estimate(record: Mapping[str, Any] | None) -> Estimate | None:
    return None if record is None else Estimate(**record)
