"""The door for pytest: `pytest --providers NAME,…` gives tests the fixture `llm`, once for each provider.

    def test_sum(llm):
        assert "4" in llm("What is 2+2? Answer with the number only.")

The names are those of the registry (`providers.toml` in pytest's root folder) or models. Without `--providers` it is inert: it loads nothing of
ours, changes no test, leaves a project's own fixture `llm` alone, and a test that asks for ours is skipped with the reason. It never answers
from the cache of `harness ask`: a test that passes shall say something of the provider as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.cli.asking import Asker
    from harness.settings import Places

# What is ours is imported within the functions below: in most projects none of it is ever asked for.


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--providers`."""
    group = parser.getgroup("harness", "llm-harness")
    group.addoption(
        "--providers",
        dest="llm_harness_providers",
        default="",
        metavar="NAME,…",
        help="give the fixture `llm` once for each of these registered providers",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each provider."""
    names = _names(metafunc.config)
    if names and "llm" in metafunc.fixturenames:
        metafunc.parametrize("llm", names, indirect=True, scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Before the first test runs, and only if one wants `llm`: can these providers be asked?

    Raises:
        UsageError: there is no such provider, it is not ready, or `providers.toml` says something wrong.
    """
    names = _names(session.config)
    if not names or not any("llm" in getattr(item, "fixturenames", ()) for item in session.items):
        return
    from harness.errors import HarnessError
    from harness.pipeline import provider_for

    try:
        for name in names:
            provider_for(name, _places(session.config))
    except HarnessError as error:
        raise pytest.UsageError(f"--providers: {error}") from error


@pytest.fixture(scope="session")
def llm(request: pytest.FixtureRequest) -> Iterator[Asker]:
    """Asks the provider: `llm("2+2?")` returns the reply's text, and fails the test when there is no answer."""
    name = getattr(request, "param", None)
    if name is None:
        pytest.skip("no provider: give pytest --providers NAME,…")
    from harness.cli.asking import open_asker
    from harness.errors import HarnessError

    try:
        with open_asker(name, _places(request.config)) as asker:
            yield asker
    except HarnessError as error:
        pytest.fail(f"{name} cannot be asked: {error}", pytrace=False)


def _names(config: pytest.Config) -> list[str]:
    """The providers asked for, each once."""
    return list(
        dict.fromkeys(name.strip() for name in config.getoption("llm_harness_providers").split(",") if name.strip())
    )


def _places(config: pytest.Config) -> Places:
    from harness.settings import Places

    root = config.rootpath
    return Places((root / "suites",), root / "providers.toml", root / "reports")
