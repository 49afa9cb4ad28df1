"""Suite files as pytest collects them: `suites/sums.yaml::sum[fast-1]` is a case, a provider and a repeat, counted from 1; `::gate[fast]` is the suite's gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from harness.errors import HarnessError
from harness.load import suites as read_suites
from harness.pytest_plugin import names
from harness.pytest_plugin.verdicts import GateNotReached, Verdict, raise_for

if TYPE_CHECKING:
    from harness.ask import Case, Suite
    from harness.pytest_plugin.answers import Asked, Key
    from harness.pytest_plugin.asking import How

_SUITE_KEYS = re.compile(rb"^cases(_from)?[ \t]*:", re.MULTILINE)


def suite_file(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The collector of a suite file that the command line asks for; None for any other file.

    It asks for a file that it names, and for what is in a folder that it names, if that is not the whole project: to ask costs money. In a folder,
    `suite_*.py` is a suite, and a YAML file is one if it lies in a folder `suites` or has cases.
    """
    config = parent.config
    named = _named(config)
    if path in named:
        return SuiteFile.from_parent(parent, path=path)
    folders = [one for one in named if path.is_relative_to(one) and (one != config.rootpath or one.name == "suites")]
    if not folders or (path.suffix == ".py" and not path.stem.startswith("suite_")):
        return None
    if path.suffix == ".py" or "suites" in path.parts[:-1] or _SUITE_KEYS.search(path.read_bytes()):
        return SuiteFile.from_parent(parent, path=path)
    return None


def _named(config: pytest.Config) -> list[Path]:
    """The files and folders that the command line, or `testpaths`, names."""
    if config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
        return []
    return [(config.invocation_params.dir / word.partition("::")[0]).resolve() for word in config.args]


class SuiteFile(pytest.File):
    """The items of one suite file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Each case for each provider and repeat, then the gate for each provider. Raises CollectError with what is wrong with the file."""
        try:
            how = _session(self).how
            (suite,) = read_suites([self.path], seed=how.selection.seed, limit=how.selection.limit)
        except HarnessError as error:
            raise self.CollectError(str(error)) from error
        tags = sorted(suite.tags.union(*(case.tags for case in suite.cases)))
        for tag in tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of the suite {suite.name}")
        repeats = suite.repeat if how.selection.repeat is None else how.selection.repeat
        providers = names(self.config)
        for case in suite.cases:
            for provider in providers:
                for repeat in range(repeats):
                    named = self._named(f"{case.id}[{provider}-{repeat + 1}]")
                    yield CaseItem.from_parent(self, asks=(suite, case), provider=provider, repeat=repeat, **named)
        if suite.gate is not None:
            for provider in providers:
                named = self._named(f"gate[{provider}]")
                yield GateItem.from_parent(self, suite=suite, provider=provider, repeats=range(repeats), **named)

    def _named(self, name: str) -> dict[str, str]:
        """With the id as text pytest reads what is in brackets as parameters, as it does when `--lf` reads it from a file."""
        return {"name": name, "nodeid": f"{self.nodeid}::{name}"}


class CaseItem(pytest.Item):
    """One case, asked of one provider, once."""

    def __init__(self, *, asks: tuple[Suite, Case], provider: str, repeat: int, **more: Any) -> None:
        super().__init__(**more)
        self.suite, self.case = asks
        self.provider, self.repeat = provider, repeat
        for tag in sorted(self.case.tags):
            self.add_marker(tag)

    @property
    def key(self) -> Key:
        """What is asked."""
        return self.suite.name, self.case.id, self.provider, self.repeat

    def setup(self) -> None:
        """Raises where there is no answer: pytest calls that an error, which is not a wrong answer."""
        verdict = self._verdict()
        self.user_properties += verdict.properties
        if verdict.kind in {"no answer", "not allowed"}:
            raise_for(verdict)

    def runtest(self) -> None:
        """Raises where the answer is wrong or could not be judged."""
        raise_for(self._verdict())

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, the line counted from 0, and the name that a heading has."""
        return self.path, None if self.case.line is None else self.case.line - 1, self.name

    def _verdict(self) -> Verdict:
        return _session(self).asked.verdict(self.key, self.case, self.nodeid.partition("::")[0])


class GateItem(pytest.Item):
    """What the cases of a suite come to together, for one provider."""

    def __init__(self, *, suite: Suite, provider: str, repeats: range, **more: Any) -> None:
        super().__init__(**more)
        self.suite, self.provider, self.repeats = suite, provider, repeats
        for tag in sorted(suite.tags):
            self.add_marker(tag)

    def runtest(self) -> None:
        """Raises where a bound is not reached."""
        verdict = _session(self).asked.gate(self.suite, self.provider)
        self.user_properties += verdict.properties
        raise_for(verdict, GateNotReached)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """As of a case; a gate has no line."""
        return self.path, None, self.name


class _Session(Protocol):
    """What items need of the session that they are in: how it asks, and what came of it."""

    @property
    def how(self) -> How: ...

    asked: Asked


def _session(node: pytest.Item | pytest.Collector) -> _Session:
    session: Any = node.config.pluginmanager.get_plugin("llm_harness_session")
    found: _Session = session
    return found
