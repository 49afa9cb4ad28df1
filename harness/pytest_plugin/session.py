"""One session of pytest with `--providers`: checks before the first test, asks before the first test, tells what was recorded after the last."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.pytest_plugin import names
from harness.pytest_plugin.suites import CaseItem, GateItem

if TYPE_CHECKING:
    from harness.cli.asking import Asker
    from harness.pipeline import Prepared, Recorded
    from harness.pytest_plugin.answers import Asked, Wanted
    from harness.pytest_plugin.asking import How
    from harness.store import Recorder
    from harness.told import Attempt

# The pipeline is imported when something is to be asked: of several processes one does, and the one that only waits for them does not.


class Session:
    """What pytest tells of a session, and what is known in it. `asked` is what came of the suites."""

    asked: Asked

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._wanted: Wanted | None = None
        self._prepared: Prepared | None = None
        self._notes: list[str] = []
        self._trouble = ""
        self._shared: Path | None = None
        self._recorder: Recorder | None = None
        self._open = ExitStack()

    @cached_property
    def how(self) -> How:
        """How to ask. Raises WrongUse for words that cannot be read."""
        from harness.pytest_plugin.asking import how

        return how(self._config.getoption("llm_harness_run"), self._config.rootpath)

    @property
    def _common(self) -> Path | None:
        """The folder that several processes have in common that run tests; None where there is but this one."""
        told: Any = getattr(self._config, "workerinput", None)  # xdist's
        return Path(told["llm_harness"]) if told else None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Before the first test runs, and only if one asks: can these providers be asked?

        Of several processes that run tests, the one that asks finds that out.

        Raises:
            UsageError: there is no such provider, it is not ready, or `providers.toml` says something wrong.
        """
        if self._common is not None:
            return
        try:
            if any("llm" in getattr(item, "fixturenames", ()) for item in session.items):
                from harness.pipeline import provider_for

                for name in names(self._config):
                    provider_for(name, self.how.places)
            if not session.config.option.collectonly:
                self._prepare(session)
        except HarnessError as error:
            raise pytest.UsageError(f"--providers: {error}") from error

    def _prepare(self, session: pytest.Session) -> None:
        self._wanted = _wanted(session.items)
        if self._wanted is not None and self._common is None:
            from harness.pytest_plugin.asking import prepare

            self._prepared = prepare(self._wanted, self.how)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Ask everything that is selected, before the first item looks for its answer.

        Raises:
            Exit: it was interrupted, or cannot be recorded.
        """
        options = session.config.option
        if options.collectonly or (session.testsfailed and not options.continue_on_collection_errors):
            return
        if self._common is not None:
            self._prepare(session)
        if self._wanted is None:
            return
        from harness import store
        from harness.pytest_plugin.answers import Asked
        from harness.pytest_plugin.once import once

        try:
            folder = once(shared, self._ask) if (shared := self._common) else self._ask()
            self.asked = Asked(store.load_run(folder), self._wanted)
        except HarnessError as error:
            if self._common is None:
                raise pytest.exit.Exception(str(error), returncode=error.exit_code) from error
            self._trouble = str(error)

    def _ask(self) -> Path:
        from harness.pytest_plugin.asking import foreseen, prepare, record
        from harness.render.figures import plural

        assert self._wanted is not None
        self._prepared = self._prepared or prepare(self._wanted, self.how)
        plan = self._prepared.plan
        known = [usd for usd in self._prepared.most_usd.values() if usd is not None]
        most = f"at most ${sum(known):.4f}" + ("" if len(known) == len(plan.providers) else " and what is unknown")
        self._tell(f"asking {plan.count:,} questions of {', '.join(one.name for one in plan.providers)}, {most}")
        for one in foreseen(self._prepared) if plan.count else ():
            about = "cost unknown" if one.about_usd is None else f"at most about ${one.about_usd:.4f}"
            self._tell(
                f"judging: up to {plural(one.questions, 'question')} to {one.judge}, {about}, once the replies are there"
            )
        recorded = record(self._prepared, self.how)
        self._told(recorded)
        if recorded.interrupted and recorded.tally.ended_by is None:
            self._notes.append(self._going_on(recorded.run.run_id))
            why = f"interrupted; what was asked is recorded in {recorded.run.path}"
            raise pytest.exit.Exception(why, returncode=2)
        return recorded.run.path

    def _going_on(self, run_id: str) -> str:
        """How to ask the rest: pytest would ask everything anew."""
        assert self._wanted is not None
        root = self._config.rootpath
        files = [os.path.relpath(one.path, root) for one in self._wanted.suites]
        own = shlex.split(self._config.getoption("llm_harness_run"))
        words = [*files, f"--only={','.join(self._wanted.providers)}", *own]
        return f"to go on, in {root}: `harness run {shlex.join(words)} --resume={run_id}` asks the rest of these suites"

    def _told(self, recorded: Recorded) -> None:
        run, tally = recorded.run, recorded.tally
        simulated = " (simulated)" if self._prepared and self._prepared.simulated else ""
        first = f"{tally.done:,} of {tally.planned:,} questions asked, {tally.failed:,} without an answer, ${tally.spend_usd:.4f}{simulated}"
        lines = [first, *run.notes, *recorded.notes, f"recorded in {run.path} (`harness report {run.run_id}`)"]
        if self._common:
            (self._common / "told").write_text("\n".join(lines), encoding="utf-8")
        self._notes += lines

    def _tell(self, text: str) -> None:
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._config.get_verbosity() >= 0:
            reporter.write_line(f"llm-harness: {text}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give xdist's processes a folder in common: one of them asks, the others read."""
        if self._shared is None:
            self._shared = Path(tempfile.mkdtemp(prefix="llm-harness-"))
        node.workerinput["llm_harness"] = str(self._shared)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What was recorded, and where."""
        told = self._shared / "told" if self._shared else None
        lines = told.read_text(encoding="utf-8").splitlines() if told and told.exists() else self._notes
        if lines and self._config.get_verbosity() >= 0:
            terminalreporter.write_sep("-", "llm-harness")
            for line in lines:
                terminalreporter.write_line(line)

    def pytest_sessionfinish(self) -> None:
        """End the run of what tests asked by `llm`."""
        if self._recorder is not None:
            self._open.close()
            run_id, path = self._recorder.info.run_id, self._recorder.path
            self._notes.append(f"what tests asked by `llm` is recorded in {path} (`harness report {run_id}`)")
            self._recorder = None

    def pytest_unconfigure(self) -> None:
        """Remove what only this session needed."""
        if self._shared is not None:
            shutil.rmtree(self._shared, ignore_errors=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """An item whose question could not be asked at all fails with the reason."""
        if self._trouble and isinstance(item, CaseItem | GateItem):
            pytest.fail(f"nothing could be asked: {self._trouble}", pytrace=False)

    def record(self, attempt: Attempt) -> None:
        """Write down what a test asked by `llm`, with the test's name as a label."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        self._recorded().record(replace(attempt, metadata={**attempt.metadata, "test": test}))

    def _recorded(self) -> Recorder:
        if self._recorder is None:
            from harness import store

            now = datetime.now(UTC)
            info = store.RunInfo(
                run_id=store.new_run_id(now),
                created=now,
                planned=0,
                providers={name: {"model": name, "simulated": None} for name in names(self._config)},
                git_commit=store.git_commit(),
            )
            self._recorder = self._open.enter_context(store.Recorder(self.how.places.reports, info))
        return self._recorder


def asker(config: pytest.Config, name: str) -> Iterator[Asker]:
    """What the fixture `llm` gives."""
    from harness.cli.asking import open_asker

    session: Any = config.pluginmanager.get_plugin("llm_harness_session")
    try:
        with open_asker(name, session.how.places, record=session.record) as one:
            yield one
    except HarnessError as error:
        pytest.fail(f"{name} cannot be asked: {error}", pytrace=False)


def _wanted(items: list[pytest.Item]) -> Wanted | None:
    """What the selected items ask; a gate that is selected alone asks for all of its suite."""
    cases = [one for one in items if isinstance(one, CaseItem)]
    gates = [one for one in items if isinstance(one, GateItem)]
    if not cases and not gates:
        return None
    from harness.pytest_plugin.answers import Wanted

    files = {one.suite.path: one.suite for one in cases} | {one.suite.path: one.suite for one in gates}
    keys = {one.key for one in cases}
    for one in gates:
        if not any((key[0], key[2]) == (one.suite.name, one.provider) for key in keys):
            keys |= {
                (one.suite.name, case.id, one.provider, repeat) for case in one.suite.cases for repeat in one.repeats
            }
    chosen = {(one.suite.name, one.provider): one.suite.gate for one in gates if one.suite.gate}
    return Wanted(frozenset(keys), tuple(files.values()), chosen)
