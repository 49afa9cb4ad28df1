"""Variables are read as a shell reads them, and a credential stays out of everything that is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.registry.variables import complaint, expand, is_one_variable

ENV = {"A": "1", "B_2": "two", "EMPTY": ""}


def expanded(value):
    missing: set[str] = set()
    return expand(value, ENV, missing), missing


@pytest.mark.parametrize(
    ("said", "read", "missing"),
    [
        ("${A}", "1", set()),
        ("x${A}y${B_2}z", "x1ytwoz", set()),
        ("${NONE:-https://api.openai.com/v1}", "https://api.openai.com/v1", set()),
        ("${A:-default}", "1", set()),
        ("${EMPTY:-default}", "default", set()),
        ("${NONE:-}", "", set()),
        ("${NONE}/${A}", "${NONE}/1", {"NONE"}),
        ("${EMPTY}", "${EMPTY}", {"EMPTY"}),
        ("$A and $(A)", "$A and $(A)", set()),
        (["${A}", {"k": "${NONE}"}, 3], ["1", {"k": "${NONE}"}, 3], {"NONE"}),
        (None, None, set()),
    ],
)
def test_a_variable_is_replaced_by_its_value_its_default_or_named_as_missing(said, read, missing):
    assert expanded(said) == (read, missing)


@given(st.text())
def test_a_text_without_a_dollar_stays_as_it_is(text):
    plain = text.replace("$", "")
    assert expanded(plain) == (plain, set())


def test_a_value_is_not_expanded_a_second_time():
    assert expand("${A}", {"A": "${B}", "B": "x"}, set()) == "${B}"


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("${KEY}", True),
        ("${KEY:-}", True),
        ("${KEY:-sk-1}", False),
        ("sk-1", False),
        ("sk-${KEY}", False),
        ("$KEY", False),
        ("", False),
    ],
)
def test_only_a_single_variable_holds_no_part_of_a_secret(text, alone):
    assert is_one_variable(text) is alone


@pytest.mark.parametrize(
    "text", ["${OPENAI_API_KEY}", "https://x/${HF_TOKEN}", "${MY_SECRET:-x}", "${key}", "${DB_PASSWORD}"]
)
def test_a_variable_that_looks_like_a_credential_is_refused_outside_of_api_key(text):
    assert "looks like a credential" in (complaint(text) or "")


@pytest.mark.parametrize("text", ["${OPEN", "${A B}", "${}", "x ${1A}"])
def test_what_begins_like_a_variable_and_is_none_is_refused(text):
    assert (complaint(text) or "").endswith("write ${NAME} or ${NAME:-default}")


@pytest.mark.parametrize(
    "text", ["", "plain", "${OPENAI_MODEL}", "${MAX_TOKENS:-3}", "${KEYBOARD}", "${AZURE_API_BASE}"]
)
def test_other_variables_are_fine(text):
    assert complaint(text) is None
