"""Evidence from elsewhere: files of outcomes become a run like any other, which says of itself that it was imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import __version__, store
from harness.errors import Problem
from harness.load import outcomes
from harness.store import Brought, Run, RunInfo


def import_files(files: Sequence[Path], wishes: outcomes.Wishes, reports: Path | str, kind: str | None = None) -> Run:
    """Read the files, one after the other, into one run in `reports`.

    Raises:
        WrongUse: a file is not there, or its format cannot be told.
        BadInput: a file is not of its format, lacks a column, or cannot be read to its end; no run is made.
        NothingSelected: no row can be read.
        StoreError: the run cannot be written.
    """
    sources = [outcomes.outcomes(file, wishes, kind) for file in files]
    said: dict[str, Any] = {
        "file": ", ".join(file.name for file in files),
        "format": ", ".join(dict.fromkeys(source.what for source in sources)),
        "sha256": _digest(files),
    }
    now = datetime.now(UTC)
    info = RunInfo(
        run_id=store.new_run_id(now), created=now, planned=0, harness_version=__version__, imported=said, git_commit=store.git_commit()
    )  # fmt: skip

    def rows() -> Iterator[Brought | Problem]:
        yield from outcomes.rows(sources)
        said["left"] = sorted({name for source in sources for name in source.left})  # known when all is read

    return store.import_rows(reports, info, rows())


def _digest(files: Sequence[Path]) -> str:
    """SHA-256 of the file; of several, of their digests one after the other."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256"))
    return (
        digests[0].hexdigest()
        if len(digests) == 1
        else hashlib.sha256(b"".join(one.digest() for one in digests)).hexdigest()
    )
