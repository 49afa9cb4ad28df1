"""Fixtures: a bucket of one's own behind a proxy, and machines to use it from."""

import itertools

import pytest
from pyarrow import fs

from tests.store import s3

_numbers = itertools.count()


@pytest.fixture(scope="session")
def s3_port():
    with s3.served() as port:
        yield port


@pytest.fixture
def bucket(s3_port, monkeypatch, tmp_path):
    """A new bucket; the environment has what it takes to use it."""
    with s3.proxy(s3_port) as proxy:
        for name in s3.clean_environment():
            monkeypatch.delenv(name)
        for name, value in s3.environment(proxy.url).items():
            monkeypatch.setenv(name, value)
        bucket = Bucket(proxy, s3.system(s3_port), f"bucket-{next(_numbers)}", monkeypatch, tmp_path)
        bucket.machine("first")
        yield bucket


class Bucket:
    def __init__(self, proxy, system, name, monkeypatch, tmp_path):
        self.proxy, self.name = proxy, name
        self.reports = f"s3://{name}/evals"
        self._system, self._monkeypatch, self._tmp_path = system, monkeypatch, tmp_path
        system.create_dir(name)

    def machine(self, name):
        """From here on it is another machine that uses the bucket."""
        state = self._tmp_path / name
        self._monkeypatch.setenv("XDG_STATE_HOME", str(state))
        return state

    @property
    def objects(self):
        """The names of all objects below the prefix."""
        found = self._system.get_file_info(fs.FileSelector(self.name, recursive=True))
        return sorted(one.path.removeprefix(f"{self.name}/evals/") for one in found if one.is_file)

    def content(self, name):
        with self._system.open_input_stream(f"{self.name}/evals/{name}") as stream:
            return stream.read()

    def remove(self, name):
        self._system.delete_file(f"{self.name}/evals/{name}")

    def appear(self):
        self._system.create_dir(self.name)

    def vanish(self):
        self._system.delete_dir(self.name)
