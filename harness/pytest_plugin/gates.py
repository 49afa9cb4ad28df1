"""`@pytest.mark.suite_gate(min_quality=0.9)`: tests that pass or fail together, for each provider, by how many of them passed.

A failing test of such a group is shown as xfailed: it is counted, and the group decides. Groups are the marked functions, counted over all of their parameters
but the provider; a mark on a class or a module (`pytestmark`) makes one group of it. The lower bound of Wilson's interval of 95 % is held against `min_quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from harness.stats import wilson

MARK, PROPERTY = "suite_gate", "llm_harness_gate"


class Gates:
    """Counts what marked tests come to, in the process that reports them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._passed: Counter[tuple[str, float]] = Counter()
        self._counted: Counter[tuple[str, float]] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note of each marked test which group it counts for. Raises UsageError for a mark that says nothing."""
        for item in items:
            mark = item.get_closest_marker(MARK)
            if mark is not None:
                least = _least(item, mark)
                item.user_properties.append((PROPERTY, f"{_group(item)}|{least!r}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A test that failed is counted; what failed around it is an error as ever."""
        report = yield
        if item.get_closest_marker(MARK) and call.when == "call" and report.failed:
            report.outcome = "skipped"
            report.wasxfail = f"counted by its gate: {call.excinfo.exconly() if call.excinfo else ''}"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that ran."""
        told = dict(report.user_properties).get(PROPERTY)
        if told is None or report.when != "call":
            return
        name, _, least = str(told).rpartition("|")
        self._counted[name, float(least)] += 1
        self._passed[name, float(least)] += report.passed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A gate that is not reached is a failure of the session."""
        if session.exitstatus == pytest.ExitCode.OK and not all(passed for passed, _ in self._lines()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Each gate with what it came to."""
        lines = self._lines()
        if lines:
            terminalreporter.write_sep("-", "suite gates")
        for passed, line in lines:
            terminalreporter.write_line(line, green=passed, red=not passed)

    def _lines(self) -> list[tuple[bool, str]]:
        lines = []
        for (name, least), n in sorted(self._counted.items()):
            good = self._passed[name, least]
            low, high = wilson(good, n)
            passed = low >= least
            told = f"{good} of {n} passed, {good / n:.3f} ({low:.3f} to {high:.3f})"
            word = "at least" if passed else "below"
            lines.append(
                (passed, f"{'PASSED' if passed else 'FAILED'} {name}: {told}: its lower bound is {word} {least:g}")
            )
        return lines


def _least(item: pytest.Item, mark: pytest.Mark) -> float:
    least: Any = mark.kwargs.get("min_quality")
    if mark.args or set(mark.kwargs) != {"min_quality"} or not isinstance(least, float) or not 0 < least < 1:
        raise pytest.UsageError(
            f"{item.nodeid}: the mark is suite_gate(min_quality=0.9), with a number between 0 and 1"
        )
    return least


def _group(item: pytest.Item) -> str:
    """Where the mark stands, and the provider."""
    place = next(
        (node for node in reversed(item.listchain()) if any(one.name == MARK for one in node.own_markers)), item
    )
    callspec: Any = getattr(item, "callspec", None)
    provider = callspec.params.get("llm") if callspec is not None else None
    return place.nodeid.partition("[")[0] + (f"[{provider}]" if provider else "")
