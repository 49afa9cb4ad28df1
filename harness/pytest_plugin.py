"""The door for pytest: `pytest --providers NAME,…` gives tests the fixture `llm`, once for each provider.

    def test_sum(llm):
        assert "4" in llm("What is 2+2? Answer with the number only.")

Without `--providers` it is inert: it imports nothing of ours, prints nothing, and a test that asks for `llm` is skipped with
the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.cli.asking import Asker


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--providers`."""
    group = parser.getgroup("harness", "llm-harness")
    group.addoption(
        "--providers",
        default="",
        metavar="NAME,…",
        help="give the fixture `llm` once for each of these registered providers",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each provider."""
    if "llm" in metafunc.fixturenames:
        names = [name.strip() for name in metafunc.config.getoption("--providers").split(",") if name.strip()]
        skipped = pytest.param(
            None, id="none", marks=pytest.mark.skip(reason="no provider: give pytest --providers NAME,…")
        )
        metafunc.parametrize("llm", names or [skipped], indirect=True, scope="session")


@pytest.fixture(scope="session")
def llm(request: pytest.FixtureRequest) -> Iterator[Asker]:
    """Asks the provider: `llm("2+2?")` returns the reply's text, and fails the test when there is no answer."""
    from harness.cli.asking import open_asker  # noqa: PLC0415  inert until it is asked for
    from harness.pipeline import Places  # noqa: PLC0415

    root = request.config.rootpath
    with open_asker(request.param, Places((root / "suites",), root / "providers.toml", root / "reports")) as asker:
        yield asker
