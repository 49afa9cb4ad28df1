"""What servers tell of their limits, in all the ways in which they do, and how long we wait for it."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client.limits import Need, Notice, Told, notices
from harness.client.limits.told import Kind

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)


def near(seconds):
    return pytest.approx(seconds)


def only(**headers):
    """The one notice that these headers make."""
    (notice,) = notices({name.replace("_", "-"): value for name, value in headers.items()}, NOW).values()
    return notice


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360), ("1s", 1), ("120ms", 0.12), ("8.64s", 8.64), ("1m30.951s", 90.951), ("1h2m3s", 3723), ("2d", 172800),
        ("0s", 0), ("10", 10), ("1.5", 1.5), (" 7 ", 7), ("2026-11-21T10:00:30Z", 30), ("2026-11-21T11:00:30+01:00", 30),
        ("2026-11-21T10:00:30", 30), ("2026-11-21T09:00:00Z", 0), (str(int(NOW.timestamp()) + 20), 20),
        (str(int(NOW.timestamp() * 1000) + 1500), 1.5),
    ],
)  # fmt: skip
def test_a_reset_is_a_span_or_a_moment(text, seconds):
    notice = only(x_ratelimit_limit_requests="60", x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests=text)
    assert notice.reset_s == pytest.approx(seconds)
    assert (notice.kind, notice.remaining, notice.limit) == ("requests", 0, 60)


def test_openai_and_groq_tell_requests_and_tokens():
    found = notices(
        {
            "x-ratelimit-limit-requests": "14400", "x-ratelimit-limit-tokens": "18000",
            "x-ratelimit-remaining-requests": "14370", "x-ratelimit-remaining-tokens": "17997",
            "x-ratelimit-reset-requests": "2m59.56s", "x-ratelimit-reset-tokens": "7.66ms", "retry-after": "2",
        },
        NOW,
    )  # fmt: skip
    assert found == {
        "x-ratelimit-requests": Notice("requests", 14370, 14400, near(179.56)),
        "x-ratelimit-tokens": Notice("tokens", 17997, 18000, near(0.00766)),
    }
    assert found["x-ratelimit-requests"].refill * 86400 == pytest.approx(14400, rel=0.01)


def test_azure_tells_what_remains_and_no_more():
    assert notices({"x-ratelimit-remaining-requests": "9", "x-ratelimit-remaining-tokens": "900"}, NOW) == {}
    told = only(x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="10")
    assert told == Notice("requests", 0, None, 10)
    assert told.refill == 0


def test_anthropic_tells_input_and_output_apart_and_resets_as_moments():
    parts = {"limit": "100", "remaining": "40", "reset": "2026-11-21T10:00:30Z"}
    of: dict[str, Kind] = {
        "requests": "requests",
        "tokens": "tokens",
        "input-tokens": "prompt",
        "output-tokens": "output",
    }
    headers = {f"anthropic-ratelimit-{what}-{part}": value for what in of for part, value in parts.items()}
    found = notices(headers, NOW)
    assert found == {f"anthropic-ratelimit-{what}": Notice(kind, 40, 100, 30) for what, kind in of.items()}
    assert {notice.refill for notice in found.values()} == {2.0}


def test_mistral_tells_by_the_minute_and_when_follows_from_that():
    headers = {
        "x-ratelimit-limit-req-minute": "720", "x-ratelimit-remaining-req-minute": "360", "x-ratelimit-tokens-query-cost": "52",
        "x-ratelimit-limit-tokens-month": "3000", "x-ratelimit-remaining-tokens-month": "2000",
    }  # fmt: skip
    assert notices(headers, NOW) == {
        "x-ratelimit-req-minute": Notice("requests", 360, 720, 30),
        "x-ratelimit-tokens-month": Notice("tokens", 2000, 3000, near(10 * 86400)),
    }


def test_together_and_openrouter_tell_without_a_subject():
    assert only(x_ratelimit_limit="10", x_ratelimit_remaining="4", x_ratelimit_reset="1").refill == 6
    assert only(x_tokenlimit_limit="9", x_tokenlimit_remaining="4").kind == "tokens"
    assert only(ratelimit_limit="100", ratelimit_remaining="9", ratelimit_reset="6") == Notice("requests", 9, 100, 6)


@pytest.mark.parametrize("wrong", ["", "many", "-1", "nan", "inf", "1e999", "0x10", "soon", "3 apples"])
def test_what_cannot_be_read_is_passed_over(wrong):
    assert notices({"x-ratelimit-remaining-requests": wrong, "x-ratelimit-reset-requests": "1s"}, NOW) == {}
    assert notices({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": wrong}, NOW) == {}


@given(st.dictionaries(st.text("abcdilmnrestqu-x"), st.text()), st.text(), st.text(), st.text())
def test_no_headers_break_anything(headers, limit, remaining, reset):
    named = {"x-ratelimit-limit-requests": limit, "x-ratelimit-remaining-requests": remaining}
    told = Told()
    told.hear(notices({**headers, **named, "x-ratelimit-reset-requests": reset}, NOW), 0.0, 1.0)
    told.take(Need(1, 1), 1.0)
    wait = told.wait(Need(1, 1), 1.0)
    assert wait >= 0
    assert math.isfinite(wait)


def told_of(*heard):
    told = Told()
    for notice, sent_at, now in heard:
        told.hear({notice.kind: notice}, sent_at, now)
    return told


def test_what_is_left_goes_out_at_once_and_then_as_it_comes_back():
    told = told_of((Notice("requests", 2, 62, 60.0), 0.0, 0.0))
    sent, now = [], 0.0
    for _ in range(5):
        now += told.wait(Need(), now)
        told.take(Need(), now)
        sent.append(now)
    assert sent == pytest.approx([0, 0, 1, 2, 3])


def test_what_was_sent_since_is_taken_off_for_the_server_had_not_seen_it():
    told = told_of((Notice("requests", 50, 60, 10.0), 0.0, 0.0))
    told.take(Need(), 1.0)
    told.take(Need(), 2.0)
    told.take(Need(), 2.0)
    told.hear({"requests": Notice("requests", 2, 62, 60.0)}, 1.0, 2.0)
    assert told.wait(Need(), 2.0) == 0.0  # two sent since, two left, and one has come back
    told.take(Need(), 2.0)
    assert told.wait(Need(), 2.0) == pytest.approx(1.0)


def test_older_news_are_passed_over():
    told = told_of((Notice("requests", 0, 60, 60.0), 5.0, 6.0), (Notice("requests", 60, 60, 0.0), 4.0, 7.0))
    assert told.wait(Need(), 6.0) == 0.0
    told.take(Need(), 6.0)
    assert told.wait(Need(), 6.0) == pytest.approx(1.0)


def test_where_no_limit_is_told_all_comes_back_at_the_reset():
    told = told_of((Notice("requests", 0, None, 10.0), 0.0, 1.0))
    assert told.wait(Need(), 1.0) == pytest.approx(9.0)
    assert told.wait(Need(), 10.0) == 0.0


def test_each_kind_counts_its_own_tokens_and_more_than_the_whole_is_the_whole():
    kinds: list[tuple[Kind, int]] = [("prompt", 30), ("output", 70), ("tokens", 100)]
    for kind, amount in kinds:
        told = told_of((Notice(kind, 0, 1000, 1000.0), 0.0, 0.0))
        assert told.wait(Need(30, 70), 0.0) == pytest.approx(amount)
        assert told.wait(Need(5000, 5000), 0.0) == pytest.approx(1000)


def test_nobody_waits_for_ever_on_a_server_that_says_nothing_more():
    told = told_of((Notice("requests", 60, 60, 0.0), 0.0, 0.0))
    now = 0.0
    for _ in range(1000):
        wait = told.wait(Need(), now)
        assert wait <= 1.0
        now += wait
        told.take(Need(), now)
