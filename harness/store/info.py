"""What a run says of itself before its first request: which versions, seed, suites, providers and prices it stands on."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from harness.ask import JsonObject


def new_run_id(now: datetime) -> str:
    """A name for a run that sorts by time: "20261121-014500-ab12" (UTC, four random hex digits)."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def git_commit() -> str | None:
    """The commit of the working tree that this process is in, "-dirty" behind it where files were changed; None where there is no git."""
    try:
        told = subprocess.run(
            ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607 - git is where the person has it
            capture_output=True, text=True, check=False, timeout=5,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a run stands on. No secret is in it.

    `settings` are the places, selection and terms that it was asked with, for `harness resume`; `git_commit` is that of the folder it was started in, with "-dirty"
    behind it where files were changed. `planned` counts trials; `seed` and `limit` are what the cases were drawn by; `suites` are content addresses and `suite_cases` numbers of cases by suite; `providers` say model and
    simulated (the profile's name, or None) by name; `metadata` are the user's own labels, which every row carries;
    `load` is the shape of the load, with its `kind` (closed, open or sweep). `imported` says where an imported run is from: file, format, sha256, rows, unread. `interleaved` says `with` which
    run it was asked case by case, and which `arm` of the two it is: base or new.
    """

    run_id: str
    created: datetime
    planned: int
    seed: int = 0
    limit: int | None = None
    suites: Mapping[str, str] = field(default_factory=dict)
    suite_cases: Mapping[str, int] = field(default_factory=dict)
    registry_hash: str = ""
    providers: Mapping[str, JsonObject] = field(default_factory=dict)
    price_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    load: JsonObject = field(default_factory=dict)
    command: tuple[str, ...] = ()
    settings: JsonObject = field(default_factory=dict)
    imported: JsonObject = field(default_factory=dict)
    interleaved: JsonObject = field(default_factory=dict)
    git_commit: str | None = None
    harness_version: str = field(default_factory=lambda: version("llm-harness"))
    litellm_version: str = field(default_factory=lambda: version("litellm"))

    @property
    def in_flight(self) -> dict[str, int]:
        """How many requests to each provider the run allowed at once; of a sweep over that, the most."""
        stages = self.load.get("stages", [self.load])
        said = [int(one["concurrency"]) for one in stages if "concurrency" in one]
        own = {name: int(about["concurrency"]) for name, about in self.providers.items() if "concurrency" in about}
        return {name: max(said, default=limit) for name, limit in own.items()}

    def as_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` takes it back."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        plain["created"] = self.created.astimezone(UTC).isoformat()
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in plain.items()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> RunInfo:
        """Raises TypeError, ValueError or KeyError for a record that `as_json` did not make."""
        return cls(
            **{**record, "created": datetime.fromisoformat(record["created"]), "command": tuple(record["command"])}
        )
