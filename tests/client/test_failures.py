from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.ask import Secret
from harness.client.failures import LONGEST_ERROR, RETRYABLE, failure, from_error, from_http, retry_after, scrub
from harness.told import SIDES

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@given(st.integers(300, 999), st.binary(max_size=100))
def test_every_status_and_body_is_some_failure_and_never_an_error_of_ours(status, body):
    found = from_http(status, {}, body)
    assert found.kind in SIDES
    assert len(found.error) <= LONGEST_ERROR


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["error", "message", "code", "type"]), inner)
        ),
    )
)
def test_every_error_object_is_some_failure(value):
    assert from_error(value).side in {"provider", "account", "request"}


def test_the_retryable_kinds_are_kinds():
    assert set(SIDES) >= RETRYABLE


@given(st.text(max_size=300), st.text("abcdefgh", min_size=6, max_size=20), st.text(max_size=300))
def test_the_key_is_in_no_text(before, key, after):
    assert key not in scrub(f"{before}{key}{after}", Secret(key)).replace("***", "")


def test_what_has_the_shape_of_a_key_is_left_out():
    assert scrub("Incorrect API key provided: sk-proj-abcdefghijkl1234. See") == "Incorrect API key provided: ***. See"
    assert scrub("key gsk_abcdefghijklmnop") == "key ***"


def test_an_error_is_one_line_and_short():
    text = scrub("a\n  b" + "x" * 1000)
    assert text.startswith("a bx")
    assert len(text) == LONGEST_ERROR


def test_an_empty_key_replaces_nothing():
    assert scrub("abc", Secret("")) == "abc"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("-1", None),
        ("1e300", None),
        ("inf", None),
        ("Sat, 21 Nov 2026 01:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 01:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2020 01:00:30 GMT", 0.0),
        ("Sat, 21 Nov 3020 01:00:30 GMT", None),
        ("", None),
        ("later", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value, seconds):
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_milliseconds_are_finer_and_win():
    assert retry_after({"retry-after-ms": "1500", "retry-after": "2"}, NOW) == 1.5
    assert retry_after({"retry-after-ms": "x", "retry-after": "2"}, NOW) == 2.0


def test_html_is_told_as_its_words():
    assert from_http(502, {}, b"<html><head><style>p{x}</style></head><h1>Bad&nbsp;</h1> day</html>").error == (
        "HTTP 502: Bad&nbsp; day"
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": {"message": "no", "type": "t", "code": "c"}}', "HTTP 400: no [t, c]"),
        (b'{"error": {"message": "no", "type": "no"}}', "HTTP 400: no"),
        (b'{"error": "no"}', "HTTP 400: no"),
        (b'{"detail": "no"}', "HTTP 400: no"),
        (b'[{"error": {"message": "no"}}]', "HTTP 400: no"),
        (b'{"x": 1}', 'HTTP 400: {"x": 1}'),
        (b"3", "HTTP 400: 3"),
        (b'"no"', "HTTP 400: no"),
        (b"", "HTTP 400: no more was said"),
    ],
)
def test_a_body_is_told_in_its_own_words(body, text):
    assert from_http(400, {}, body).error == text


def test_the_prose_of_a_rate_limit_is_no_overload():
    assert from_http(429, {}, b"our servers are overloaded, slow down").kind == "rate_limited"


def test_a_model_that_is_not_there_is_told_by_words_too():
    assert from_http(400, {}, b'{"message": "The model `x-1` does not exist"}').kind == "model_not_found"


def test_retryable_is_as_the_kind_is():
    assert failure("overloaded", "x").retryable
    assert not failure("auth", "x").retryable


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (
            429,
            b'{"message": "You are using a Trial key, which is limited to 1000 API calls / month."}',
            "quota_exhausted",
        ),
        (429, b'{"message": "You are using a Trial key, which is limited to 20 API calls / minute."}', "rate_limited"),
        (400, b'{"message": "too many tokens: size limit exceeded by 9 tokens"}', "context_overflow"),
        (400, b'{"error": "registry.ollama.ai/library/gemma:2b does not support tools"}', "unsupported_parameter"),
        (404, b'{"error": "model \'llama3.1\' not found, try pulling it first"}', "model_not_found"),
        (503, b'{"error": "server busy, please try again.  maximum pending requests exceeded"}', "overloaded"),
    ],
)
def test_what_cohere_and_ollama_say(status, said, kind):
    assert from_http(status, {}, said).kind == kind
