"""What somebody asks of the harness: where things lie, what takes part, on what terms. Every option of the pipeline is one of these objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from harness import client, engine, store
from harness.ask import Provider


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie: what people write (suites, providers) and what the machine writes (reports).

    `reports` is a folder or "s3://bucket/prefix". A name among `suites` that is no path but a dataset's ("gsm8k") is read from `data`.
    """

    suites: tuple[Path, ...] = (Path("suites"),)
    providers: Path = Path("providers.toml")
    reports: str | Path = Path("reports")
    data: Path | None = None

    @property
    def stored(self) -> store.Place:
        """Where runs and reports lie. Raises WrongUse for an address that is no place."""
        return store.Place.of(self.reports)

    @property
    def routing(self) -> Path:
        """The routes in force; those of an object store in the copy on this machine."""
        return self.stored.folder / store.ROUTING

    @property
    def baseline(self) -> Path:
        """The run that others are held against; of an object store in the copy on this machine."""
        return self.stored.folder / "baseline"


@dataclass(frozen=True, slots=True)
class Selection:
    """What takes part: providers by name, cases by keyword (-k), tags (-m) and number, drawn with a seed.

    `judges` name who judges where a criterion asks for a model's opinion and names none itself.
    """

    only: tuple[str, ...] = ()
    simulated: bool = False
    keyword: str | None = None
    marker: str | None = None
    limit: int | None = None
    seed: int = 0
    repeat: int | None = None
    judges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a reply, in seconds, and how often to try again: of every provider; None is as the registry says."""

    connect_s: float | None = None
    first_token_s: float | None = None
    stall_s: float | None = None
    total_s: float | None = None
    max_retries: int | None = None

    def of(self, provider: Provider) -> Provider:
        """The provider with these deadlines and retries in place of its own."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        retries = {"max_retries": said.pop("max_retries")} if "max_retries" in said else {}
        return replace(
            provider, deadlines=replace(provider.deadlines, **said), retries=replace(provider.retries, **retries)
        )


AS_REGISTERED = Patience()


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms to ask: under which load, with a warm-up or not, the most to spend in USD over the whole run, labels, how patiently.

    `max_failures` (so many trials without an answer, or as a float more than such a share of those planned) and `max_time_s` end the run early.

    `durability`: what a record survives as soon as it is written: the end of the process ("process"), also a power cut a quarter of a second later
    ("group"), also a power cut ("record"). `cache`: where answers are replayed from, None asks everything; whoever made it closes it.
    `adaptive`: the load's concurrency is then the most. `workers`: so many processes ask, None as many as the load needs. `command` are the words of `harness run` that said all this.
    """

    load: engine.Load = engine.AS_LIMITED
    warm_up: bool = True
    budget_usd: float | None = None
    max_failures: int | float | None = None
    max_time_s: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = AS_REGISTERED
    durability: store.Durability = "group"
    cache: client.Cache | None = None
    adaptive: bool = False
    workers: int | None = None
    command: tuple[str, ...] = ()

    def limited(self, provider: Provider) -> Provider:
        """The provider, with its concurrency to be searched for if it is adaptive: up to what is said here, or there, or else a hundred."""
        if not self.adaptive:
            return provider
        said = max((one.concurrency or 0 for one in engine.stages(self.load)), default=0)
        most = said or provider.limits.max_concurrency or client.MOST_ADAPTIVE
        return replace(provider, limits=replace(provider.limits, max_concurrency=most, adaptive=True))

    @property
    def run_options(self) -> engine.RunOptions:
        """What the engine is told of them."""
        return engine.RunOptions(
            budget_usd=self.budget_usd,
            replays=self.cache is not None,
            max_failures=self.max_failures,
            max_time_s=self.max_time_s,
        )

    @property
    def labels(self) -> client.Labels:
        """The labels that are stored: those that look like credentials are left out, and `notes` name them."""
        return client.cleaned(self.metadata)

    @property
    def kept_command(self) -> tuple[str, ...]:
        """The words that are stored, for `harness resume`: without what holds for this time only, and without the labels, which are stored by themselves."""
        kept: list[str] = []
        before = ""
        for word in self.command:
            its_value = before == "--metadata" or (before == "--resume" and not word.startswith("-"))
            if not its_value and word.partition("=")[0] not in {"--metadata", "--resume", "--retry-failed"}:
                kept.append(word)
            before = word
        return tuple(kept)
