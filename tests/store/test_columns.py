"""The columns are an API, and what goes in as words comes out as the same words."""

import json
from dataclasses import replace
from datetime import timedelta, timezone
from types import MappingProxyType

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import ToolCall
from harness.store.columns import CALLS, OUTCOME_COLUMNS, SCHEMA_VERSION, SCORES, Context, call_row, outcome, score_row
from harness.store.encoding import encode, table
from harness.told import Outcome, Reply, Sent, Usage
from tests.store import made

CONTEXT = Context("run-1", "w0", "here", "0.1.0", "1.2.3", {"team": "blue"})


def through_parquet_types(*attempts):
    return table([encode(call_row(one, CONTEXT)) for one in attempts], CALLS)


def test_calls_has_exactly_the_promised_columns_in_order():
    assert CALLS.names == [
        "run_id",
        "trial_id",
        "attempt",
        "call_key",
        "suite",
        "suite_hash",
        "case_id",
        "case_hash",
        "cluster",
        "capability",
        "tags",
        "repeat",
        "phase",
        "provider",
        "wire",
        "model_requested",
        "model_served",
        "simulated",
        "replayed",
        "messages_json",
        "params_json",
        "params_dropped",
        "stream",
        "started_at",
        "scheduled_s",
        "queue_s",
        "throttle_s",
        "connect_s",
        "ttft_s",
        "ttfv_s",
        "latency_s",
        "chunk_count",
        "itl_p50_s",
        "itl_p95_s",
        "itl_max_s",
        "timing_source",
        "loop_lag_s",
        "saturated",
        "status",
        "text",
        "reasoning",
        "tool_calls_json",
        "finish_reason",
        "response_id",
        "fingerprint",
        "http_status",
        "failure_kind",
        "failure_side",
        "retryable",
        "retry_after_s",
        "error",
        "prompt_tokens",
        "completion_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "token_source",
        "cost_usd",
        "cost_status",
        "price_id",
        "worker",
        "host",
        "harness_version",
        "litellm_version",
        "metadata",
        "cache_write_1h_tokens",
        "unchecked",
        "end_tokens",
        "structured_by",
        "asked_at",
        "response_s",
        "load_level",
    ]


def test_scores_has_the_promised_columns_and_weight_and_simulated_behind_them():
    assert SCORES.names == [
        "run_id",
        "trial_id",
        "provider",
        "suite",
        "suite_hash",
        "case_id",
        "case_hash",
        "cluster",
        "capability",
        "repeat",
        "scorer",
        "scorer_version",
        "state",
        "value",
        "extracted",
        "reason",
        "judge_trial_id",
        "weight",
        "simulated",
    ]


@pytest.mark.parametrize("schema", [CALLS, SCORES])
def test_each_column_says_what_it_is_and_durations_say_their_unit(schema):
    assert schema.metadata == {b"schema_version": str(SCHEMA_VERSION).encode()}
    for column in schema:
        assert column.metadata[b"description"]
        assert (column.metadata.get(b"unit") == b"s") == column.name.endswith("_s")


def test_a_call_row_has_every_column_in_the_schema_s_order():
    assert list(call_row(made.attempt(), CONTEXT)) == CALLS.names


def test_a_score_row_has_every_column_in_the_schema_s_order():
    row = score_row(made.score(made.attempt()), "run-1", simulated=True)
    assert list(row) == SCORES.names
    assert table([encode(row)], SCORES).to_pylist() == [row]


def test_an_attempt_reads_back_as_it_was_told():
    one = made.attempt(simulated=True)
    (row,) = through_parquet_types(one).to_pylist()
    assert row["started_at"] == made.NOW
    assert row["tags"] == ["easy", "smoke"]
    assert row["metadata"] == [("team", "blue")]
    assert json.loads(row["messages_json"]) == {"messages": [{"role": "user", "content": "What is 0 + 1?"}]}
    assert json.loads(row["params_json"]) == {"temperature": 0, "model": "alpha-1"}
    assert row["params_dropped"] == ["top_k"]
    assert (row["status"], row["failure_kind"], row["retryable"]) == ("ok", None, None)
    assert (row["cost_usd"], row["ttft_s"], row["itl_max_s"]) == (0.00025, 0.2, None)
    assert (row["worker"], row["host"], row["litellm_version"]) == ("w0", "here", "1.2.3")


def test_the_attempt_s_labels_win_over_the_run_s():
    (row,) = through_parquet_types(replace(made.attempt(), metadata={"team": "red", "x": "1"})).to_pylist()
    assert row["metadata"] == [("team", "red"), ("x", "1")]


def test_a_time_of_another_zone_is_stored_as_utc():
    elsewhere = replace(made.attempt(), started_at=made.NOW.astimezone(timezone(timedelta(hours=9))))
    (row,) = through_parquet_types(elsewhere).to_pylist()
    assert row["started_at"] == made.NOW
    assert row["started_at"].utcoffset() == timedelta(0)


def test_a_failed_attempt_keeps_its_failure_and_what_had_come():
    (row,) = through_parquet_types(made.failed(kind="rate_limited")).to_pylist()
    assert (row["status"], row["failure_kind"], row["failure_side"]) == ("failed", "rate_limited", "account")
    assert (row["retryable"], row["error"]) == (True, "it was rate_limited")


def test_half_an_emoji_and_a_number_beyond_64_bits_are_mended_not_refused():
    cut = replace(
        made.attempt(text="a\ud83dz"),
        reply=Reply(text="a\ud83dz", tool_calls=(ToolCall("f", '"\ud83d"'),)),
        usage=replace(made.attempt().usage, prompt_tokens=2**80),
    )
    (row,) = through_parquet_types(cut).to_pylist()
    assert row["text"] == "a�z"
    assert row["prompt_tokens"] is None
    assert row["completion_tokens"] == 3
    assert json.loads(row["tool_calls_json"]) == [{"name": "f", "arguments": '"\ufffd"', "id": ""}]


def test_params_may_hold_any_mapping():
    params = MappingProxyType({"response_format": MappingProxyType({"type": "json_object"})})
    row = call_row(replace(made.attempt(), sent=replace(made.attempt().sent, params=params)), CONTEXT)
    assert json.loads(row["params_json"]) == {"response_format": {"type": "json_object"}}


def test_params_that_are_not_json_are_refused():
    with pytest.raises(TypeError, match="object is not JSON"):
        call_row(replace(made.attempt(), sent=replace(made.attempt().sent, params={"x": object()})), CONTEXT)


def test_a_row_of_a_newer_harness_is_refused_and_one_of_an_older_is_filled_up():
    row = encode(call_row(made.attempt(), CONTEXT))
    with pytest.raises(ValueError, match="a newer llm-harness wrote it; upgrade to read it"):
        table([row[:-1] + b',"blue"]'], CALLS)
    shorter = pa.schema(list(CALLS)[:10])
    old = table([orjson.dumps(orjson.loads(row)[:10])], CALLS)
    assert old.select(shorter.names).equals(table([row], CALLS).select(shorter.names))
    assert old["unchecked"].to_pylist() == [None]


def test_a_value_of_another_type_is_refused():
    row = orjson.loads(encode(call_row(made.attempt(), CONTEXT)))
    row[CALLS.names.index("attempt")] = "first"
    with pytest.raises(pa.ArrowException):
        table([orjson.dumps(row)], CALLS)


def test_no_rows_are_a_table_with_all_columns():
    assert table([], CALLS).schema.equals(CALLS, check_metadata=True)


def mended(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(text, str) else text


@given(st.lists(made.attempts, min_size=1, max_size=4))
def test_any_attempt_comes_back_as_its_outcome(attempts):
    rows = through_parquet_types(*attempts).select(OUTCOME_COLUMNS).to_pydict()
    for one, values in zip(attempts, zip(*rows.values(), strict=True), strict=True):
        reply = one.reply
        assert outcome(values) == Outcome(
            ref=one.trial.ref,
            reply=Reply(
                mended(reply.text),
                mended(reply.reasoning),
                tuple(ToolCall(mended(c.name), mended(c.arguments), mended(c.id)) for c in reply.tool_calls),
                mended(reply.finish_reason),
                mended(reply.response_id),
                mended(reply.fingerprint),
                mended(reply.model_served),
            ),
            usage=one.usage,
            cost_usd=one.cost.usd,
            latency_s=one.clock.latency_s,
            failure_kind=one.failure.kind if one.failure else None,
            error=mended(one.failure.error) if one.failure else None,
            simulated=one.simulated,
            saturated=one.clock.saturated,
        )


def test_what_could_not_be_checked_and_what_was_kept_for_an_hour_stand_in_the_row():
    usage = Usage(11, 3, 0, 8, 0, "usage", 5)
    row = call_row(replace(made.attempt(), usage=usage, unchecked=("context", "vision")), CONTEXT)
    assert (row["cache_write_1h_tokens"], row["unchecked"]) == (5, ["context", "vision"])
    assert call_row(made.attempt(), CONTEXT)["unchecked"] == []


def test_what_leaked_and_how_json_was_asked_for_stand_in_the_row():
    attempt = replace(made.attempt(), reply=Reply("2", end_tokens=3), sent=Sent("w", structured_by="tool"))
    row = call_row(attempt, CONTEXT)
    assert (row["end_tokens"], row["structured_by"]) == (3, "tool")
    row = call_row(made.attempt(), CONTEXT)
    assert (row["end_tokens"], row["structured_by"]) == (0, None)


def test_when_a_replayed_answer_was_asked_for_stands_in_the_row_in_utc():
    then = made.NOW - timedelta(days=2)
    row = call_row(
        replace(made.attempt(), replayed=True, asked_at=then.astimezone(timezone(timedelta(hours=9)))), CONTEXT
    )
    assert (row["replayed"], row["asked_at"], row["asked_at"].utcoffset()) == (True, then, timedelta(0))
    assert call_row(made.attempt(), CONTEXT)["asked_at"] is None
