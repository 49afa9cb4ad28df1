"""What somebody asks of the harness: where things lie, what takes part, on what terms. Every option of the pipeline is one of these objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness import client


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie: what people write (suites, providers) and what the machine writes (reports).

    A name among `suites` that is no path but a dataset's ("gsm8k") is read from `data`.
    """

    suites: tuple[Path, ...] = (Path("suites"),)
    providers: Path = Path("providers.toml")
    reports: Path = Path("reports")
    data: Path | None = None

    @property
    def routing(self) -> Path:
        """The routes in force."""
        return self.reports / "routing.toml"


@dataclass(frozen=True, slots=True)
class Selection:
    """What takes part: providers by name, cases by keyword (-k), tags (-m) and number, drawn with a seed."""

    only: tuple[str, ...] = ()
    simulated: bool = False
    keyword: str | None = None
    marker: str | None = None
    limit: int | None = None
    seed: int = 0
    repeat: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms to ask: requests in flight for each provider, the most to spend in USD, when to stop, labels."""

    concurrency: int | None = None
    budget_usd: float | None = None
    stop_on_first_failure: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> client.Labels:
        """The labels that are stored: those that look like credentials are left out, and `notes` name them."""
        return client.cleaned(self.metadata)
