"""Live outcomes as a run like any other, in a place apart: what users asked is no suite, and counts only where somebody asks for it.

Without texts, which is the default, a row says what an answer took and how it ended, and nothing of what was asked or answered: no messages, no reply, no error's
text, no parameter that is a text, neither user nor conversation. Conversations are told apart by a hash that is salted anew for each run.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import orjson

from harness import store
from harness.ask import Case, Prompt, Provider, ToolCall
from harness.client import cleaned
from harness.errors import StoreError, WrongUse
from harness.judged import Score
from harness.routing.allowances import DAY_S
from harness.routing.routed import Caller
from harness.store import Place, Recorder, Run, RunInfo
from harness.told import Attempt, Outcome, Reply

SUITE, UNNAMED, SCORER = "live", "unnamed", "feedback"
"""What stands as suite, as capability where none was said, and as scorer of marks."""
MARKS = "feedback.jsonl"

_REPLY = re.compile(r"(\d{8}-\d{6}-[0-9a-f]{4})\.(\d+)")


@dataclass(frozen=True, slots=True)
class Record:
    """Where live outcomes are recorded: `reports/live` if `place` is None. `texts`: with what was asked and answered, the user, and texts among the parameters."""

    place: Path | str | None = None
    texts: bool = False


class LiveRecord:
    """Writes the attempts of one router, and the marks they get. `close` makes Parquet of them.

    Raises:
        StoreError: the folder cannot be made or written.
    """

    def __init__(self, place: Place | Path | str, providers: Mapping[str, Provider], *, texts: bool = False) -> None:
        now = datetime.now(UTC)
        self.place = Place.of(place)
        self._texts = texts
        self._salt = secrets.token_bytes(16)
        self._number = 0
        info = RunInfo(
            run_id=store.new_run_id(now),
            created=now,
            planned=0,
            suites={SUITE: SUITE},
            providers={name: {"model": one.model, "simulated": one.simulated} for name, one in providers.items()},
            metadata={SUITE: "true"},
        )
        settle(self.place)
        self._recorder = Recorder(self.place, info)

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._recorder.path

    def reply_id(self) -> str:
        """A name for the next reply."""
        self._number += 1
        return f"{self._recorder.info.run_id}.{self._number}"

    def write(self, reply_id: str, attempt: Attempt, asked: tuple[str | None, Caller], how: Mapping[str, str]) -> None:
        """An attempt at this reply, which was `asked` of a capability and by whom; `how` it was chosen, in labels. Raises StoreError."""
        trial, (capability, caller) = attempt.trial, asked
        prompt = trial.case.prompt if self._texts else Prompt(())
        case = Case(
            id=reply_id,
            prompt=prompt,
            capability=capability or UNNAMED,
            criteria=(),
            cluster=self._hashed(caller.conversation),
            params={"reply": reply_id},  # each is a case of its own, whatever is left of its prompt
        )
        labels = caller.all_labels if self._texts else caller.labels
        attempt = attempt if self._texts else _without_texts(attempt)
        provider = replace(trial.provider, params={})
        self._recorder.record(
            replace(
                attempt,
                trial=replace(
                    trial, suite=SUITE, suite_hash=SUITE, case=case, provider=provider, params={"reply": reply_id}
                ),
                metadata={**attempt.metadata, **cleaned(labels).kept, **how},
            )
        )

    def mark(self, reply_id: str, score: float) -> None:
        """A reply, of this run or of an earlier one in the same place, was worth so much.

        Raises:
            WrongUse: there is no such reply.
            StoreError: it cannot be written.
        """
        found = _REPLY.fullmatch(reply_id)
        folder = self.place.folder / "runs" / found[1] if found else self.path
        if found is None or not folder.is_dir():
            raise WrongUse(f"there is no reply '{reply_id}' in {self.place}")
        line = orjson.dumps([reply_id, score, datetime.now(UTC)], option=orjson.OPT_APPEND_NEWLINE)
        with store.on_disk(folder / MARKS, "cannot be written"), (folder / MARKS).open("ab") as file:
            file.write(line)

    def close(self) -> Run:
        """Make Parquet of it all; the run. Raises StoreError."""
        self._recorder.close()
        run = store.load_run(self.path)
        _score(run)
        return run

    def _hashed(self, conversation: str | None) -> str | None:
        if conversation is None:
            return None
        return blake2b(conversation.encode("utf-8", "surrogatepass"), digest_size=8, key=self._salt).hexdigest()


def settle(place: Place) -> None:
    """Make scores of the marks that came after their runs had ended, and of those whose router was killed."""
    for one in store.runs_in(place.folder / "runs"):
        marks = one.path / MARKS
        if one.state not in {"complete", "interrupted", "killed"} or not marks.exists():
            continue
        scores = one.path / "scores.parquet"
        if not scores.exists() or scores.stat().st_mtime_ns < marks.stat().st_mtime_ns:
            try:
                _score(store.open_run(one.path, place))
            except StoreError:
                continue  # another router does it, or it is damaged: `harness report` says which


def earlier_marks(place: Place) -> Iterator[tuple[str | None, str, float, float]]:
    """The marks in the runs that have ended there: capability, provider, score, and how many days ago the run began. Raises StoreError."""
    now = datetime.now(UTC)
    for one in store.runs_in(place.folder / "runs"):
        if one.finished and one.scored and one.info is not None:
            scores = store.open_run(one.path, place).scores(["capability", "provider", "state", "value"])
            days = (now - one.info.created).total_seconds() / DAY_S
            for capability, provider, state, value in scores.itertuples(index=False):
                if state == "scored":
                    yield (None if capability == UNNAMED else capability), provider, value, days


def _score(run: Run) -> None:
    marks = dict(_marks(run.path / MARKS))
    run.write_scores(_opinion(outcome, marks.get(outcome.ref.case_id)) for outcome in run.outcomes())


def _opinion(outcome: Outcome, mark: float | None) -> Score:
    if not outcome.answered:
        return Score(outcome.ref, SCORER, "1", "failed", reason=f"no answer: {outcome.failure_kind}")
    if mark is None:
        return Score(outcome.ref, SCORER, "1", "unscored", reason="nobody marked it")
    return Score(outcome.ref, SCORER, "1", "scored", value=mark, reason="marked by who asked")


def _marks(path: Path) -> Iterator[tuple[str, float]]:
    """The last mark of each reply counts; a line that a crash tore is none."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    for line in lines:
        try:
            reply_id, score, _at = orjson.loads(line)
        except ValueError:
            continue
        yield reply_id, score


def _without_texts(attempt: Attempt) -> Attempt:
    reply, failure, sent = attempt.reply, attempt.failure, attempt.sent
    said = Reply(
        finish_reason=reply.finish_reason,
        fingerprint=reply.fingerprint,
        model_served=reply.model_served,
        end_tokens=reply.end_tokens,
        tool_calls=tuple(ToolCall("", "") for _ in reply.tool_calls),
    )
    plain = {name: value for name, value in sent.params.items() if isinstance(value, bool | int | float)}
    return replace(
        attempt,
        reply=said,
        failure=failure and replace(failure, error=""),
        sent=replace(sent, params=plain),
    )
