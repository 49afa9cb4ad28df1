"""A folder in an object store that speaks S3's protocol, by pyarrow's file system: whole objects in, whole objects out.

Who may do so is said by the environment (AWS_ACCESS_KEY_ID and its like), where by AWS_ENDPOINT_URL (MinIO, R2, …; unset: AWS) and
AWS_REGION. Nothing of it is written down or shown. Each request has its time-outs and is tried three times.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from pyarrow import fs

from harness.errors import StoreError, WrongUse
from harness.store.durable import beside

CONNECT_S, REQUEST_S, TRIES = 5.0, 30.0, 3

_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_REASONS = (
    ("NO_SUCH_BUCKET", "there is no such bucket: create it, or choose another place with --reports"),
    ("ACCESS_DENIED", "access denied: the credentials in the environment do not allow it"),
    ("INVALID_ACCESS_KEY_ID", "the key is not known there: check AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL"),
    ("SIGNATURE_DOES_NOT_MATCH", "the secret is not the key's: check AWS_SECRET_ACCESS_KEY"),
    ("NETWORK_CONNECTION", "no connection: check the network and AWS_ENDPOINT_URL"),
    ("REQUEST_TIMEOUT", "no reply in time: check the network and AWS_ENDPOINT_URL"),
    ("HTTP status 301", "the bucket is in another region: set AWS_REGION to it"),
    ("INTERNAL_FAILURE", "the server failed: try again later"),
    ("SERVICE_UNAVAILABLE", "the server is not available: try again later"),
    ("SLOW_DOWN", "the server takes no more requests now: try again later"),
    ("HTTP status 5", "the server failed: try again later"),
)
"""What stands in pyarrow's messages, and what it means for the reader."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a listing says of one object: its size in bytes and when it was written."""

    size: int
    modified: datetime | None


class Objects:
    """The objects below a `root`, "bucket/prefix", by names relative to it. `objects_at` makes them.

    Every method raises StoreError where the store refuses, fails or cannot be reached.
    """

    def __init__(self, system: fs.S3FileSystem, root: str) -> None:
        self._system, self._root = system, root

    def put(self, name: str, path: Path) -> None:
        """Put a file's content there as one object, which appears whole or not at all."""
        with (
            self._guarded(name, "cannot be written"),
            pa.memory_map(str(path)) if path.stat().st_size else pa.BufferReader(b"") as file,
        ):
            content = file.read_buffer()  # all of it, before the first byte goes: what pyarrow closes it publishes
            stream = self._system.open_output_stream(f"{self._root}/{name}")
            stream.write(content)
            stream.close()
            size = self._system.get_file_info(f"{self._root}/{name}").size
        if size != len(content):
            raise StoreError(
                f"s3://{self._root}/{name} cannot be written: {len(content)} bytes were sent and {size} are there"
            )

    def read(self, name: str) -> bytes | None:
        """An object's content; None where there is none."""
        with self._guarded(name, "cannot be read"):
            try:
                with self._system.open_input_stream(f"{self._root}/{name}") as stream:
                    content: bytes = stream.read()
                    return content
            except FileNotFoundError:
                self._check_bucket()
                return None

    def get(self, name: str, path: Path) -> bool:
        """Make `path` a copy of an object, whole or not at all. False where there is none; `path` is as it was."""
        spare = beside(path)
        with self._guarded(name, "cannot be fetched"):
            try:
                with self._system.open_input_stream(f"{self._root}/{name}") as stream:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with spare.open("wb") as file:
                        while chunk := stream.read(8 << 20):
                            file.write(chunk)
                spare.replace(path)
            except FileNotFoundError:
                self._check_bucket()
                return False
            finally:
                spare.unlink(missing_ok=True)
        return True

    def below(self, name: str) -> dict[str, Listed]:
        """The objects in a folder and its folders, by name; empty where there is none."""
        with self._guarded(name, "cannot be listed"):
            found = self._system.get_file_info(
                fs.FileSelector(f"{self._root}/{name}", recursive=True, allow_not_found=True)
            )
            if not found:
                self._check_bucket()
            start = len(self._root) + 1
            return {one.path[start:]: Listed(one.size, one.mtime) for one in found if one.type == fs.FileType.File}

    def remove(self, name: str) -> None:
        """Remove an object; nothing happens where there is none."""
        with self._guarded(name, "cannot be removed"), suppress(FileNotFoundError):
            self._system.delete_file(f"{self._root}/{name}")

    def _check_bucket(self) -> None:
        """Tell a bucket that is gone from an object that is not there. Raises OSError."""
        bucket = self._root.partition("/")[0]
        if self._system.get_file_info(bucket).type == fs.FileType.NotFound:
            raise OSError(f"NO_SUCH_BUCKET: {bucket}")

    @contextmanager
    def _guarded(self, name: str, failed: str) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise StoreError(
                f"s3://{self._root}/{name} {failed}: {_reason(str(error))}"
            ) from None  # its text is not masked


def _reason(said: str) -> str:
    for sign, meaning in _REASONS:
        if sign in said:
            return meaning
    for name in _SECRETS:
        if secret := os.environ.get(name):
            said = said.replace(secret, "…")
    return said.splitlines()[0] if said else "no reason was given"


def objects_at(root: str, env: Mapping[str, str] = os.environ) -> Objects:
    """The objects below "bucket/prefix".

    Raises:
        WrongUse: the environment has no credentials.
    """
    if not any(env.get(name) for name in _CREDENTIALS):
        raise WrongUse(
            f"s3://{root} needs credentials, from the environment only: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "(and AWS_ENDPOINT_URL if it is not AWS)"
        )
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Objects(_system(endpoint_in(env), region, env.get("AWS_ACCESS_KEY_ID")), root)


def endpoint_in(env: Mapping[str, str]) -> str:
    """Where the environment says that the store is; empty: AWS."""
    return (env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or "").rstrip("/")


@lru_cache(maxsize=8)
def _system(endpoint: str, region: str, _who: str | None) -> fs.S3FileSystem:
    return fs.S3FileSystem(
        endpoint_override=endpoint or None,
        region=region,
        connect_timeout=CONNECT_S,
        request_timeout=REQUEST_S,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
    )
