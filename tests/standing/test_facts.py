import pytest

from harness import standing
from tests.stats.tables import Table

OVERLOADED, AUTH = ("overloaded", "provider"), ("auth", "account")


def calls(table):
    return table.frames()[0]


def test_timed_rows_are_measured_answered_not_replayed_and_not_saturated():
    table = Table().trial("x", 1.0, fails=[OVERLOADED]).trial("r", 1.0, replayed=True).trial("s", 1.0, saturated=True)
    table.trial("w", 1.0, phase="warmup").trial("n", 1.0, latency_s=None)
    assert standing.timed(calls(table))["case_id"].tolist() == ["x"]


def test_spend_is_the_sum_over_all_rows_but_replayed_ones():
    table = Table().trial("x", 1.0, cost_usd=0.5).trial("j", 1.0, cost_usd=0.25, phase="judge")
    assert standing.spend(calls(table.trial("r", 1.0, cost_usd=8.0, replayed=True))) == 0.75


def test_spend_with_an_unknown_cost_is_unknown():
    assert standing.spend(calls(Table().trial("x", 1.0, cost_usd=None))) is None


def test_duration_is_from_the_first_start_to_the_last_end():
    table = Table().trial("x", 1.0, latency_s=9.0).trial("y", 1.0, latency_s=2.0)  # they start one second apart
    table.trial("z", state="failed", fails=[OVERLOADED], latency_s=None)
    assert standing.duration(calls(table)) == 9.0


def test_no_rows_last_no_time():
    assert standing.duration(calls(Table().trial("x", 1.0))[:0]) == 0.0


def test_a_clean_run_needs_no_notes():
    table = Table().trial("x", 1.0, timing_source="wire")
    assert standing.notes(*table.frames(), planned=1, in_flight={"a": 8}) == []


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        (
            {"saturated": True},
            "1 of 1 answers were timed while the harness was saturated: they are in no latency (a 100 % of 1 with 8 in flight). Lower",
        ),
        ({"cost_usd": None}, "1 of 1 answers have no known cost: spend and $ for each solved case are unknown"),
        ({"timing_source": "client"}, "1 of 1 answers were timed around litellm's own call, not on the wire"),
        ({"replayed": True}, "1 of 1 rows were replayed from the cache: they count for quality, and for nothing else."),
    ],
)
def test_what_figures_leave_out_is_said(columns, note):
    table = Table().trial("x", 1.0, **{"timing_source": "wire", **columns})
    (found,) = standing.notes(*table.frames(), planned=1, in_flight={"a": 8})
    assert found.startswith(note)


def test_requests_that_were_answered_when_asked_again_are_counted_by_kind():
    table = Table().trial("x", 1.0, fails=[OVERLOADED, OVERLOADED], timing_source="wire")
    table.trial("y", 1.0, fails=[AUTH], provider="b", timing_source="wire")
    assert standing.notes(*table.frames(), planned=2, in_flight={}) == [
        "3 of 5 requests failed and were answered when asked again (a: overloaded 2, b: auth 1)."
    ]


def test_what_was_not_asked_not_answered_and_not_judged_is_said():
    table = Table().trial("x", timing_source="wire")
    table.trial("y", state="failed", fails=[AUTH], provider="b", timing_source="wire")
    assert standing.notes(*table.frames(), planned=5, in_flight={}) == [
        "3 of 5 planned trials were not asked.",
        "b answered none of its 1 trials: auth: it said auth",
        "1 of 2 trials have an answer that could not be judged: they are in no quality (the reply is empty: 1).",
    ]


def test_of_saturated_answers_each_provider_s_share_is_said_and_what_to_lower():
    table = Table()
    for n in range(4):
        table.trial(f"x{n}", 1.0, timing_source="wire", saturated=n == 0).trial(
            f"y{n}", 1.0, timing_source="wire", provider="b"
        )
    (note,) = standing.notes(*table.frames(), planned=8, in_flight={"a": 64, "b": 8})
    assert note == (
        "1 of 8 answers were timed while the harness was saturated: they are in no latency (a 25 % of 4 with 64 in flight). "
        "Lower --concurrency or --rate, or ask fewer providers at once (--only)."
    )


def test_a_warm_up_is_no_part_of_the_duration():
    table = Table().trial("w", 1.0, phase="warmup", latency_s=9.0).trial("x", 1.0, latency_s=2.0)
    assert standing.duration(calls(table)) == 2.0
