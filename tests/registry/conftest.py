"""A catalogue read once, a writer of registries, and real sockets that listen or do not."""

import socket

import pytest

from harness import registry
from harness.errors import BadInput


@pytest.fixture(scope="session")
def catalogue():
    return registry.Catalogue.load()


@pytest.fixture
def read(tmp_path):
    """Reads a registry from text, with a made-up environment."""

    def _read(text, **env):
        path = tmp_path / "providers.toml"
        path.write_text(text, encoding="utf-8")
        return registry.load(path, env)

    return _read


@pytest.fixture
def problems(read):
    """The problems of a bad registry as (line, message, hint)."""

    def _problems(text, **env):
        with pytest.raises(BadInput) as caught:
            read(text, **env)
        assert all(one.file.name == "providers.toml" for one in caught.value.problems)
        return [(one.line, one.message, one.hint) for one in caught.value.problems]

    return _problems


@pytest.fixture
def listening():
    """The address of a socket on loopback that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


@pytest.fixture
def closed():
    """The address of a port on loopback where nothing listens: it is bound, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"
