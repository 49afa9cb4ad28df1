"""Published datasets from where they are published: a pinned commit, held against a checksum, into the user's own folder for data.

Nothing is bundled, and nothing is fetched unasked. A file appears whole and checked, or not at all.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from harness.errors import HarnessError, WrongUse

MIRROR = "https://raw.githubusercontent.com"
"""Where the files are: `MIRROR/owner/repository/commit/path`."""

DATA_DIR = "HARNESS_DATA_DIR"
_TIMEOUT_S = 60.0
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class File:
    """A published file: its path in the repository, the SHA-256 of its bytes, and the name that it is kept under ("": its own)."""

    path: str
    sha256: str
    kept: str = ""

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.kept or self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Published:
    """A dataset at a commit of its repository, and its licence."""

    repository: str
    commit: str
    licence: str
    files: tuple[File, ...]

    @property
    def page(self) -> str:
        """Where a person reads about it."""
        return f"https://github.com/{self.repository}"


_BFCL = "berkeley-function-call-leaderboard/bfcl_eval/data"


def _answers(part: str, sha256: str) -> File:
    return File(f"{_BFCL}/possible_answer/BFCL_v4_{part}.json", sha256, f"possible_answer_{part}.json")


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        "bfcl": Published(
            "ShishirPatil/gorilla",
            "6ea5797",
            "Apache-2.0",
            (
                File(
                    f"{_BFCL}/BFCL_v4_simple_python.json",
                    "82dd63ba502eb2520c6b5d1d9a5c4b590e03ff261565175561f6228a367d1991",
                ),
                File(
                    f"{_BFCL}/BFCL_v4_multiple.json", "aef168155ebd74b7ac2401198b201343bc7d16d7a3d7e0d4e6d8ee82c6969b2a"
                ),
                File(
                    f"{_BFCL}/BFCL_v4_parallel.json", "19f51a82eff42e5d62541aa500115a056eb78f437c2ba1f10415fd7c8e5dda84"
                ),
                File(
                    f"{_BFCL}/BFCL_v4_irrelevance.json",
                    "2b6ed4c2e992cdcf5f1678a701851f944bef7550ee026ed1ddb89efed5be01a6",
                ),
                _answers("simple_python", "90cd5bc653690ee8e459b5b3f3fc9458606f7f3fcbf795bb51b7dc581f8c86dc"),
                _answers("multiple", "244e00ce9395df948bcafc7bee64e8f9c87ef70887587d83cae45b13699f3047"),
                _answers("parallel", "8a6aa19c1adddc6a5a2f7e40f9dbf30cc7e95815e7b830c90589ab318229e0f0"),
            ),
        ),
        "gsm8k": Published(
            "openai/grade-school-math",
            "3101c7d",
            "MIT",
            (
                File(
                    "grade_school_math/data/test.jsonl",
                    "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
                ),
            ),
        ),
        "humaneval": Published(
            "openai/human-eval",
            "6d43fb9",
            "MIT",
            (File("data/HumanEval.jsonl.gz", "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"),),
        ),
        "ifbench": Published(
            "allenai/IFBench",
            "db69a6f",
            "ODC-BY-1.0 (the data)",
            (File("data/IFBench_test.jsonl", "a2bf7b8e7ed11d39c65b4ec781da8b99663ed0121f97033d70fcecb61f8a9d85"),),
        ),
    }
)
"""The datasets that can be fetched, by the name that `harness run` takes."""


def published(name: str) -> Published:
    """The dataset of that name. Raises WrongUse."""
    if name not in PUBLISHED:
        raise WrongUse(f"'{name}' cannot be fetched; there are {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def data_folder() -> Path:
    """Your own folder for data: HARNESS_DATA_DIR, otherwise in XDG_DATA_HOME or ~/.local/share."""
    if said := os.environ.get(DATA_DIR):
        return Path(said)
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share") / "llm-harness" / "datasets"


def fetched(name: str) -> Path | None:
    """The folder of a dataset that was fetched; None where it was not, or not whole."""
    folder = data_folder() / name
    known = PUBLISHED.get(name)
    return folder if known and all((folder / one.name).is_file() for one in known.files) else None


def fetch(name: str, mirror: str = MIRROR) -> Path:
    """Fetch a dataset into the user's folder for data, in place of an earlier copy, and return its folder.

    Raises:
        WrongUse: there is no such dataset, or the mirror is no address.
        HarnessError: it cannot be fetched or written, or is not what was pinned; then nothing of it is kept.
    """
    dataset = published(name)
    if urllib.parse.urlsplit(mirror).scheme not in {"https", "http"}:
        raise WrongUse(f"'{mirror}' is no address of a mirror: https://…")
    folder = data_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as made:
            whole = Path(made) / name
            whole.mkdir()
            for file in dataset.files:
                url = f"{mirror.rstrip('/')}/{dataset.repository}/{dataset.commit}/{file.path}"
                _download(url, whole / file.name, file.sha256)
            shutil.rmtree(folder, ignore_errors=True)
            whole.replace(folder)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise HarnessError(f"{name} cannot be fetched from {mirror}: {error}. Nothing of it was kept") from error
    except OSError as error:
        raise HarnessError(f"{folder} cannot be written: {error}; {DATA_DIR} names another folder") from error
    return folder


def _download(url: str, file: Path, sha256: str) -> None:
    found = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as reply, file.open("wb") as out:  # noqa: S310 - the caller has checked the scheme
        size = int(reply.headers.get("content-length") or -1)
        while chunk := reply.read(_CHUNK):
            found.update(chunk)
            out.write(chunk)
        if size not in (-1, out.tell()):
            raise HarnessError(f"{url} was cut off after {out.tell():,} of {size:,} bytes. Nothing of it was kept")
    if found.hexdigest() != sha256:
        raise HarnessError(
            f"{url} is not what was pinned: its SHA-256 is {found.hexdigest()}, not {sha256}. Nothing of it was kept"
        )
