"""The door for pytest: `pytest suites --providers NAME,…` asks suites, and gives tests the fixture `llm`, once for each provider.

    def test_sum(llm):
        assert "4" in llm("What is 2+2? Answer with the number only.")

The names are those of the registry (`providers.toml` in pytest's root folder) or, for `llm`, models. Without `--providers` it is inert: it loads nothing of
ours, collects no file, changes no test, leaves a project's own fixture `llm` alone, and a test that asks for ours is skipped with the reason. `llm` never
answers from the cache of `harness ask`: a test that passes shall say something of the provider as it is now.

What is done with `--providers` stands in the modules beside this one, which are imported only then:

    session.py   one session: checks, asks before the first test, tells what was recorded
    suites.py    suite files as items: `suites/sums.yaml::sum[fast-1]`
    asking.py    before the first test runs, everything that is selected is asked at once, and recorded as a run
    answers.py   what came of it, and verdicts.py what an item tells of that
    once.py      with xdist one process asks
    gates.py     `@pytest.mark.suite_gate(min_quality=0.9)` on tests of your own
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.cli.asking import Asker

# What is ours is imported within the functions below: in most projects none of it is ever asked for.


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--providers` and `--harness-run`."""
    group = parser.getgroup("harness", "llm-harness")
    group.addoption(
        "--providers",
        dest="llm_harness_providers",
        default="",
        metavar="NAME,…",
        help="ask suites of these registered providers, and give the fixture `llm` once for each",
    )
    group.addoption(
        "--harness-run",
        dest="llm_harness_run",
        default="",
        metavar="WORDS",
        help="how suites are asked, in the words of `harness run`: '--budget 2 --limit 20 --allow-code'",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark of a gate known."""
    config.addinivalue_line(
        "markers",
        "suite_gate(min_quality): with --providers, these tests pass or fail together, for each provider, by the lower bound of the share that passed",
    )
    if names(config):
        from harness.pytest_plugin import gates, session

        config.pluginmanager.register(session.Session(config), "llm_harness_session")
        config.pluginmanager.register(gates.Gates(config), "llm_harness_gates")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A suite file, where providers are named."""
    if not names(parent.config) or file_path.suffix not in {".yaml", ".yml", ".py"}:
        return None
    from harness.pytest_plugin import suites

    return suites.suite_file(file_path, parent)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each provider."""
    asked = names(metafunc.config)
    if asked and "llm" in metafunc.fixturenames:
        metafunc.parametrize("llm", asked, indirect=True, scope="session")


@pytest.fixture(scope="session")
def llm(request: pytest.FixtureRequest) -> Iterator[Asker]:
    """Asks the provider: `llm("2+2?")` returns the reply's text, and fails the test when there is no answer."""
    name = getattr(request, "param", None)
    if name is None:
        pytest.skip("no provider: give pytest --providers NAME,…")
    from harness.pytest_plugin import session

    yield from session.asker(request.config, name)


def names(config: pytest.Config) -> list[str]:
    """The providers asked for, each once."""
    return list(
        dict.fromkeys(name.strip() for name in config.getoption("llm_harness_providers").split(",") if name.strip())
    )
