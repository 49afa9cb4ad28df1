"""What a run tells in the terminal: what it is about to do, what came out, where it lies."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from harness import engine, routing, store
from harness.errors import ExitCode, WrongUse
from harness.foreseeing import Foreseen
from harness.judged import ALL, Report, RoutingTable
from harness.judges import Hearing
from harness.pipeline import Finished, Prepared, Recorded
from harness.render import load_tables, tables
from harness.render.figures import DASH, ago, count, plural, seconds, short, usd
from harness.render.formats import text
from harness.render.formats.json import as_json, in_full
from harness.render.terminal import Terminal
from harness.settings import Terms
from harness.told import Attempt


class Teller:
    """Tells the story on standard output, or on standard error where that is taken by JSON."""

    def __init__(self, *, json_on_stdout: bool = False) -> None:
        self.terminal = Terminal(sys.stderr if json_on_stdout else sys.stdout)

    def plan(self, prepared: Prepared, terms: Terms, foreseen: Sequence[Foreseen] = ()) -> None:
        """Who will be asked what, and the most that it can cost; about what judging will."""
        plan = prepared.plan
        cases = sum(len(suite.cases) for suite in plan.suites)
        names = ", ".join(one.name for one in plan.providers)
        line = self.terminal.line
        line(
            f"suites     {len(plan.suites)} with {plural(cases, 'case')}: {', '.join(one.name for one in plan.suites)}"
        )
        line(f"providers  {names}")
        made_up = [one.name for one in plan.providers if one.simulated]
        if prepared.simulated:
            line(
                "           simulated: no key is used and nothing is spent (`harness providers` says who else is ready)"
            )
        elif made_up:
            line(f"           simulated: {', '.join(made_up)}; a run with real ones beside them gives no routes")
        line(f"trials     {plan.count:,}{_before(prepared)}{_cached(prepared)}")
        if plan.warm_up:
            line("warm-up    one call to each provider first, not measured (--no-warmup leaves it out)")
        if load := load_tables.in_words(engine.as_json(plan.load)):
            line(f"load       {load}")
        if workers := _workers(prepared, terms.workers):
            line(f"workers    {workers}")
        line(
            f"at most    {_most(prepared.most_usd)}{', simulated' if prepared.simulated else ''}{_bounded(prepared, terms)}"
        )
        for one in foreseen if plan.count else ():
            about = "cost unknown" if one.about_usd is None else f"at most about {usd(one.about_usd)}"
            line(
                f"judging    up to {plural(one.questions, 'question')} to {one.judge}, {about}, once the replies are there"
            )
        line()

    def hearing(self, heard: Hearing) -> None:
        """What is asked of judges now, and the most that it can cost."""
        for one in heard.errands:
            line = f"judging  {plural(one.plan.count, 'question')} to {one.judge.name}"
            simulated = ", simulated" if one.judge.simulated else ""
            self.terminal.line(f"{line}, at most {_most({one.judge.name: one.most_usd})}{simulated}")

    def forecast(self, forecasts: Mapping[str, engine.Forecast]) -> None:
        """Calls, tokens and cost of each provider, and of all where there are several."""
        rows = dict(forecasts)
        if len(rows) > 1:
            rows["all"] = functools.reduce(engine.Forecast.plus, forecasts.values())
        self.terminal.table(
            tables.Table(
                title="Forecast: about, and at most",
                head=("provider", "calls", "most", "prompt", "most", "reply", "most", "cost", "most"),
                rows=tuple((name, *_amounts(one)) for name, one in rows.items()),
                note="prompt and reply in tokens. About: as counted offline, replies of 500 or as many as they may have, no retries. "
                "At most: every byte a token, every reply as long as it may be, every retry made.",
            )
        )

    def report(self, report: Report) -> None:
        """The standings, what they rest on, the calibration in brief, the routes with their reasons."""
        text.report(report, self.terminal)

    def nothing_asked(self, recorded: Recorded) -> None:
        """A run that ended before it asked anything."""
        for note in (*recorded.run.notes, *recorded.notes):
            self.terminal.line(note, style="bold yellow")
        why = "interrupted: " if recorded.interrupted else ""
        self.terminal.line(f"{why}nothing was asked, so there is nothing to report", style="bold yellow")

    def changes(
        self, present: RoutingTable | None, table: RoutingTable, file: str, *, applied: bool, why_not: str | None = None
    ) -> None:
        """What the routes change of those in force, and what was done or can be; `why_not`: why it was not done."""
        line = self.terminal.line
        try:
            routing.check_replaces(present, table)
        except WrongUse as error:
            line(f"{file} stays as it is: {error}")
            return
        changed = routing.diff(present, table) if present else []
        if changed:
            line(f"Changes of {file}", style="bold")
        for change in changed:
            line(change)
        if why_not:
            line(
                f"{file} stays as it is: {why_not} (`harness verify` shows more, --force applies it nevertheless)",
                style="bold yellow",
            )
        elif applied:
            line(f"written: {file}")
        elif present is None:
            line(f"there is no {file} yet: `harness route --apply` writes it")
        else:
            line("`harness route --apply` writes them" if changed else f"{file} has these routes already")

    def evidence(self, runs: Sequence[store.Run]) -> None:
        """On which runs a choice rests, where there are several."""
        if len(runs) > 1:
            first, last = runs[0].run_id, runs[-1].run_id
            self.terminal.line(f"evidence: {len(runs)} runs, from {first} to {last}; older ones count less")

    def rolled_back(self, replaced: RoutingTable, table: RoutingTable, file: str) -> None:
        """What going back changed."""
        for change in routing.diff(replaced, table):
            self.terminal.line(change)
        self.terminal.line(f"written: {file} is as it was before; `harness route --apply` goes forward again")

    def routes(self, table: RoutingTable) -> None:
        """The weights and, for each capability, why."""
        text.routes(table, self.terminal)

    def finished(self, finished: Finished) -> None:
        """The report, and where everything lies."""
        if finished.orphans:
            self.terminal.line(
                f"{plural(finished.orphans, 'reply')} not judged: no suite has their cases any more, or they ask something else now"
            )
        if finished.otherwise:
            self.terminal.line(
                f"{plural(finished.otherwise, 'reply')} judged by what the cases expect now: that was changed since they were asked"
            )
        self.report(finished.report)
        line, files, shown, path = self.terminal.line, finished.files, finished.run.place.shown, finished.run.path
        line(f"report   {shown(files[0])}")
        if plots := [shown(file) for file in files if file.suffix == ".png"]:
            line(f"plots    {', '.join(plots)}")
        line(f"Parquet  {shown(path / 'calls.parquet')}, {shown(path / 'scores.parquet')}")


def call_in_a_line(attempt: Attempt) -> str:
    """Who answered, how fast (or that it was not asked), with how many tokens, for how much: "(sim-swift, simulated: first token 60 ms, …)"."""
    clock, usage = attempt.clock, attempt.usage
    if attempt.asked_at is not None:
        old = ago((attempt.started_at - attempt.asked_at).total_seconds())
        times = f"from the cache, asked {old}"
    else:
        times = f"first token {seconds(clock.ttft_s)}, all {seconds(clock.latency_s)}"
    name = attempt.trial.provider.name + (", simulated" if attempt.simulated else "")
    tokens = f"{_number(usage.prompt_tokens)} + {_number(usage.completion_tokens)} tokens"
    cost = "cost unknown" if attempt.cost.usd is None else usd(attempt.cost.usd)
    return f"({name}: {times}, {tokens}, {cost}{' then; --no-cache asks again' if attempt.replayed else ''})"


def _before(prepared: Prepared) -> str:
    """What a run that is resumed has already: " left of 60; 37 are done in run …"."""
    before = prepared.before
    if before is None:
        return ""
    text = (
        f" left of {prepared.plan.count + len(before.done):,}; {len(before.done):,} are done in run {before.run.run_id}"
    )
    if before.failed:
        text += f", {before.failed:,} of them failed (--retry-failed asks them again)"
    if before.stale:
        text += f"; {len(before.stale):,} were edited since: their old rows are set aside"
    return text


def _amounts(one: engine.Forecast) -> tuple[str, ...]:
    about, most = one.about, one.most
    return (
        count(about.calls), count(most.calls),
        short(about.prompt_tokens), short(most.prompt_tokens),
        short(about.reply_tokens), short(most.reply_tokens),
        usd(about.usd), usd(most.usd),
    )  # fmt: skip


def _workers(prepared: Prepared, asked: int | None) -> str:
    """Who is asked by which process, where there are several or others were asked for."""
    shares = prepared.shares
    fewer = (
        "" if asked in (None, len(shares)) else f", not {asked}: a provider, or account, is asked by one process only"
    )
    if len(shares) > 1:
        names = " | ".join(", ".join(one.name for one in share) for share in shares)
        return f"{len(shares)} processes{fewer}: {names}"
    return f"1 process{fewer}" if fewer else ""


def _number(value: int | None) -> str:
    return DASH if value is None else count(value)


def _most(most: Mapping[str, float | None]) -> str:
    known = [value for value in most.values() if value is not None]
    unknown = [name for name, value in most.items() if value is None]
    text = usd(sum(known)) if known else "unknown"
    if known and unknown:
        text += " and what is unknown"
    return text + (f" (no price or output limit known for {', '.join(unknown)})" if unknown else "")


def _cached(prepared: Prepared) -> str:
    if prepared.cached is None:
        return ""
    if not prepared.cached:
        return ", of which the cache has none yet"
    return f", of which the cache has {prepared.cached:,}: these are replayed, neither timed nor paid for"


def _bounded(prepared: Prepared, terms: Terms) -> str:
    if terms.budget_usd is None:
        return ""
    spent = f", of which {usd(prepared.spent_usd)} are spent" if prepared.spent_usd else ""
    return f"; stops before it spends more than {usd(terms.budget_usd)}{spent}"


def plan_as_json(prepared: Prepared) -> dict[str, Any]:
    """What would be asked, of whom, at most for how much."""
    plan = prepared.plan
    return {
        "suites": {one.name: len(one.cases) for one in plan.suites},
        "providers": [one.name for one in plan.providers],
        "simulated": prepared.simulated,
        "trials": plan.count,
        "cached": prepared.cached,
        "most_usd": as_json(prepared.most_usd),
    }


def print_json(value: object) -> None:
    """The words as JSON on standard output."""
    print(in_full(value))


def gates_met(report: Report) -> bool:
    """Whether every gate that the run is held against is met."""
    return all(one.passed for one in report.gates)


def judged(run: store.Run, report: Report) -> ExitCode:
    """The exit code of a run that is only judged or reported again: its providers, and whether it is complete, were told when it was asked."""
    if run.damaged:
        return ExitCode.BROKEN
    return ExitCode.FINE if gates_met(report) else ExitCode.BELOW


def unanswered(report: Report) -> list[str]:
    """The providers that gave no answer in any trial."""
    return [one.provider for one in report.standings if one.capability == ALL and one.n_failed == one.n_cases]
