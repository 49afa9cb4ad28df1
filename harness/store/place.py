"""Where runs and reports lie: a local folder, or a folder in an object store with a copy of it on this machine.

Everything is written and read in `folder`, which for a local place is the place itself. For "s3://bucket/prefix" it lies in your own folder for
state ($XDG_STATE_HOME/llm-harness, otherwise ~/.local/state/llm-harness): there journals are written, and files are made whole before they are sent.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import StoreError, WrongUse
from harness.store.durable import guarded
from harness.store.objects import Objects, endpoint_in, objects_at

ROUTING = "routing.toml"
"""What the routes in force are called in a place."""

MARKER = ".place"
"""A file that says in a copy whose copy it is."""

_URI = re.compile(r"([a-z][a-z0-9+.-]+):/+(.*)", re.DOTALL)  # a Path makes "s3:/bucket" of it


@dataclass(frozen=True, slots=True)
class Place:
    """`folder` holds the files on this machine; `root` is "bucket/prefix" where they are published, None for a local place. `Place.of` makes them."""

    folder: Path
    root: str | None = None

    @classmethod
    def of(cls, named: Place | Path | str) -> Place:
        """The place of a path, or of "s3://bucket/prefix". Nothing is looked at.

        Raises:
            WrongUse: it is another kind of address, or holds credentials.
        """
        if isinstance(named, Place):
            return named
        found = _URI.fullmatch(str(named))
        if found is None:
            return cls(Path(named))
        root = found[2].strip("/")
        bucket = root.partition("/")[0]
        if {"@", ":"} & set(bucket) or "?" in root:
            raise WrongUse(
                "the address of a place holds neither credentials nor options: write s3://bucket/prefix and set AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL in the environment"
            )
        if found[1] != "s3" or not bucket:
            raise WrongUse(f"'{named}' is no place for runs: a folder is one, or s3://bucket/prefix")
        address = hashlib.sha256(f"{endpoint_in(os.environ)} {root}".encode()).hexdigest()[:8]
        return cls(state_folder() / "places" / f"{bucket}-{address}", root)

    @classmethod
    def holding(cls, folder: Path) -> Place:
        """The place of a run's folder, or of the folder of a report.

        Raises:
            StoreError: it is a copy of a place that is elsewhere, by the environment as it is now.
        """
        for above in folder.absolute().parents[:2]:
            try:
                root = (above / MARKER).read_text(encoding="utf-8").strip()
            except OSError:
                continue
            place = cls.of(f"s3://{root}")
            if place.folder.resolve() != above.resolve():
                raise StoreError(
                    f"{folder} is published at {place} of another AWS_ENDPOINT_URL than the environment has: set that one"
                )
            return place
        return cls(folder)

    def __str__(self) -> str:
        return str(self.folder) if self.root is None else f"s3://{self.root}"

    @property
    def remote(self) -> bool:
        """Whether it is in an object store."""
        return self.root is not None

    @property
    def objects(self) -> Objects:
        """What is published. Raises WrongUse without credentials."""
        assert self.root is not None
        return objects_at(self.root)

    def made(self) -> Place:
        """The same, with the folder of its copy there, readable by you alone. Raises StoreError."""
        if self.root is not None and not (self.folder / MARKER).exists():
            with guarded(self.folder, "cannot be made", "XDG_STATE_HOME names another folder for it"):
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                (self.folder / MARKER).write_text(f"{self.root}\n", encoding="utf-8")
        return self

    def shown(self, path: Path) -> str:
        """How a file of this place is named to people: where it is published."""
        if self.root is None:
            return str(path)
        return f"s3://{self.root}/{path.absolute().relative_to(self.folder.absolute()).as_posix()}"

    def fetch(self, name: str) -> Path:
        """A file of the place, by its name in it, made the one that is published; without one, there is none here either. Raises StoreError."""
        path = self.folder / name
        if self.remote and not self.made().objects.get(name, path):
            path.unlink(missing_ok=True)
        return path

    def send(self, name: str) -> None:
        """Publish a file of the place. Raises StoreError."""
        if self.remote:
            self.objects.put(name, self.folder / name)

    def fetch_folder(self, name: str) -> Path:
        """A folder of files, made the one that is published. Raises StoreError."""
        folder = self.folder / name
        if self.remote:
            there = self.made().objects.below(name)
            for one in there:
                self.fetch(one)
            for path in folder.glob("[!.]*"):
                if f"{name}/{path.name}" not in there:
                    path.unlink()
        return folder

    def send_folder(self, name: str, last: str) -> None:
        """Publish a folder of files in place of the one before, the file `last` after the others. Raises StoreError."""
        if self.remote:
            names = {f"{name}/{path.name}" for path in (self.folder / name).glob("[!.]*")}
            final = f"{name}/{last}"
            for one in (*sorted(names - {final}), final):
                self.send(one)
            for one in self.objects.below(name).keys() - names:
                self.objects.remove(one)


def state_folder() -> Path:
    """Your own folder for what the harness keeps between runs: in XDG_STATE_HOME, otherwise in ~/.local/state."""
    said = os.environ.get("XDG_STATE_HOME", "")
    return (Path(said) if Path(said).is_absolute() else Path.home() / ".local" / "state") / "llm-harness"
