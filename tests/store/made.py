"""Attempts and scores to record: one with everything set, and any (hypothesis)."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from harness.ask import Case, Criterion, Prompt, Provider, ToolCall, Trial
from harness.judged import Score
from harness.store import RunInfo
from harness.told import SIDES, Attempt, Clock, Cost, Failure, Reply, Sent, Usage

NOW = datetime(2026, 11, 21, 1, 45, 0, 123456, tzinfo=UTC)


def info(run_id="20261121-014500-ab12", **more):
    return RunInfo(run_id=run_id, created=NOW, planned=3, seed=7, metadata={"team": "blue"}, **more)


def case(number=0, **more):
    return Case(
        id=f"case-{number}",
        prompt=Prompt(messages=({"role": "user", "content": f"What is {number} + 1?"},)),
        capability="arithmetic",
        criteria=(Criterion("exact"),),
        **more,
    )


def trial(number=0, provider="alpha", phase="measure", repeat=0):
    return Trial(
        suite="sums",
        suite_hash="5a5a",
        case=case(number, tags=frozenset({"smoke", "easy"}), cluster="c1"),
        provider=Provider(name=provider, model="openai/alpha-1", base_url="http://127.0.0.1:1/v1"),
        params={"temperature": 0},
        phase=phase,
        repeat=repeat,
    )


def attempt(trial_=None, number=1, text="2", failure=None, **more):
    return Attempt(
        trial=trial_ or trial(),
        number=number,
        started_at=NOW,
        sent=Sent("openai", {"temperature": 0, "model": "alpha-1"}, ("top_k",)),
        reply=Reply(text=text, finish_reason="stop", response_id=f"r-{text}-{number}", model_served="alpha-1-2026"),
        usage=Usage(11, 3, 0, 0, 0, "usage"),
        cost=Cost(0.00025, "exact", "registry"),
        clock=Clock(connect_s=0.0, ttft_s=0.2, ttfv_s=0.2, latency_s=0.5, chunk_count=3, itl_p50_s=0.1),
        failure=failure,
        http_status=200,
        **more,
    )


def failed(trial_=None, number=1, kind="overloaded"):
    return attempt(trial_, number, text="", failure=Failure(kind, f"it was {kind}", retryable=True))


def score(one, value=1.0):
    return Score(one.trial.ref, "exact", "1", "scored", value, extracted="2", reason="equal")


def write_truth(folder: Path, *lines: str):
    (folder / "truth.jsonl").write_text("".join(lines))


# what a provider may send us: any text, cut emoji and NUL included
texts = st.text(st.characters(), max_size=40)
maybe_texts = st.none() | texts
counts = st.none() | st.integers(0, 2**40)
seconds = st.none() | st.floats(0, 1e6)
attempts = st.builds(
    Attempt,
    trial=st.builds(
        trial, st.integers(0, 5), st.sampled_from(["alpha", "beta"]), st.sampled_from(["warmup", "measure", "judge"])
    ),
    number=st.integers(1, 9),
    started_at=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    sent=st.builds(
        Sent,
        wire=texts,
        params=st.dictionaries(texts, st.none() | texts | st.floats(0, 2) | st.integers(-(2**70), 2**70), max_size=3),
        dropped=st.lists(texts, max_size=2).map(tuple),
        stream=st.booleans(),
        structured_by=st.none() | st.sampled_from(["json_schema", "prompt"]),
    ),
    reply=st.builds(
        Reply,
        text=texts,
        reasoning=texts,
        tool_calls=st.lists(st.builds(ToolCall, name=texts, arguments=texts, id=texts), max_size=2).map(tuple),
        finish_reason=maybe_texts,
        response_id=maybe_texts,
        fingerprint=maybe_texts,
        model_served=maybe_texts,
        end_tokens=st.integers(0, 9),
    ),
    usage=st.builds(
        Usage, counts, counts, counts, counts, counts, source=st.sampled_from(["usage", "tokenizer", "none"])
    ),
    cost=st.builds(
        Cost,
        usd=seconds,
        status=st.sampled_from(["exact", "estimated", "unknown"]),
        price_id=st.none() | st.just("registry"),
    ),
    clock=st.builds(Clock, scheduled_s=seconds, ttft_s=seconds, latency_s=seconds, chunk_count=st.integers(0, 9)),
    failure=st.none() | st.builds(Failure, st.sampled_from(sorted(SIDES)), texts, st.booleans(), seconds),
    http_status=st.none() | st.integers(100, 599),
    simulated=st.booleans(),
    replayed=st.booleans(),
    asked_at=st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    metadata=st.dictionaries(texts, texts, max_size=2),
)
