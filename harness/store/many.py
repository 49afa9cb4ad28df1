"""Many runs as one dataset: `load_runs("reports/runs").calls(["run_id", "provider", "cost_usd"])`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from harness.errors import StoreError, WrongUse
from harness.late import pd
from harness.store import parquet
from harness.store.columns import CALLS, SCORES
from harness.store.listing import Listed, runs_folder, runs_in
from harness.store.opening import load_run
from harness.store.place import Place
from harness.store.runs import Run

_RUNS = re.compile(r"/runs/*$")
_BEGINNING, _END = (one.replace(tzinfo=UTC) for one in (datetime.min, datetime.max))  # noqa: DTZ901 - the zone follows


@dataclass(frozen=True)
class Runs:
    """The finished runs of a folder, oldest first, and the folders that are left out, with why. `load_runs` makes it, `where` narrows it."""

    runs: tuple[Run, ...]
    left_out: tuple[Listed, ...] = ()
    suites: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.runs)

    def where(
        self,
        *,
        suite: str | Iterable[str] = (),
        provider: str | Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Runs:
        """The same, of these suites and providers only (one name or several; none: of all), begun at `since` or later and before `until`.

        A time without a zone is taken as UTC.
        """
        suites, providers = _names(suite), _names(provider)
        first, last = _moment(since, _BEGINNING), _moment(until, _END)
        kept = tuple(
            run
            for run in self.runs
            if first <= run.info.created < last
            and (not suites or set(suites) & set(run.info.suites))
            and (not providers or set(providers) & set(run.info.providers))
        )
        return replace(self, runs=kept, suites=suites or self.suites, providers=providers or self.providers)

    def calls(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The rows of every run's calls.parquet, in these columns; one that an older run has not is null there.

        Raises:
            StoreError: a file is missing or damaged.
            WrongUse: no run has such a column.
        """
        return self._read([path for run in self.runs for path in run.calls_paths()], columns, CALLS)

    def scores(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The rows of every run's scores.parquet, as `calls`; of a run that was not scored there are none."""
        return self._read([path for run in self.runs if run.scored for path in run.scores_paths()], columns, SCORES)

    def _read(self, paths: Sequence[Path], columns: Sequence[str] | None, schema: pa.Schema) -> pd.DataFrame:
        wanted = list(schema.names if columns is None else columns)
        if unknown := [name for name in wanted if name not in schema.names]:
            raise WrongUse(f"there is no column {unknown[0]!r}; there are {', '.join(schema.names)}")
        only = {name: values for name, values in (("suite", self.suites), ("provider", self.providers)) if values}
        tables = [schema.empty_table().select(wanted)]
        for path in paths:
            there = parquet.names([path], schema)
            table = parquet.read([path], [name for name in there if name in wanted or name in only], schema)
            for name, values in only.items():
                table = table.filter(pc.is_in(table[name], pa.array(values)))
            tables.append(table.select([name for name in wanted if name in there]))
        frame: pd.DataFrame = pa.concat_tables(tables, promote_options="default").select(wanted).to_pandas()
        return frame


def load_runs(path: str | Path = Path("reports/runs")) -> Runs:
    """The finished runs of a folder, or of "s3://bucket/prefix/runs", complete or interrupted. Others are named in `left_out`; nothing is changed.

    Raises:
        WrongUse: there is no such folder.
        StoreError: the object store cannot be read.
    """
    place = Place.of(_RUNS.sub("", str(path)))
    folder = Path(path)
    if place.remote:
        folder = runs_folder(place)
    elif (folder / "runs").is_dir():  # the reports folder itself
        folder /= "runs"
    if not folder.is_dir():
        raise WrongUse(f"{folder} is no folder of runs: `harness run` makes reports/runs")
    runs, left_out = [], []
    for one in runs_in(folder):
        if one.finished:
            try:
                runs.append(load_run(one.path))
                continue
            except StoreError as error:  # begun again since it was listed
                left_out.append(replace(one, state="being written", remedy=str(error)))
        else:
            left_out.append(one)
    return Runs(tuple(runs), tuple(left_out))


def _names(one_or_several: str | Iterable[str]) -> tuple[str, ...]:
    return (one_or_several,) if isinstance(one_or_several, str) else tuple(one_or_several)


def _moment(told: datetime | None, otherwise: datetime) -> datetime:
    moment = told or otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
