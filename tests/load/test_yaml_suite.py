import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import load
from harness.errors import BadInput
from harness.load.shapes import YamlCase, YamlSuite

HEAD = "capability: c\nscore: exact\ncases:\n"


def test_ids_that_are_used_twice_are_said_with_both_lines(desk):
    said = desk.complaints_about(
        "s.yaml",
        f"{HEAD}  - id: a\n    prompt: hi\n    expect: x\n  - prompt: ho\n    expect: y\n    id: a\n",
    )
    assert said == ["s.yaml:9: the id 'a' is taken, first on line 4 → give each case its own id"]


def test_an_id_is_seen_twice_even_where_the_cases_are_wrong_otherwise(desk):
    said = desk.complaints_about("s.yaml", f"{HEAD}  - {{id: a, prompt: 1}}\n  - {{id: a, prompt: 2}}\n")
    assert "s.yaml:5: the id 'a' is taken, first on line 4 → give each case its own id" in said
    assert len(said) == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "s.yaml:1: the file is empty"),
        ("capability: c\nscore: exact\n", "s.yaml:1: nothing is asked → give `cases` or `cases_from`"),
        ("capability: c\nscore: exact\ncases: []\n", "s.yaml:3: cases has fewer than 1 items"),
        ("capability: c\nscore: exact\ncases:\n", "s.yaml:3: cases is not a list"),
        ("capability: c\nscore: exact\ncases: {a: {prompt: hi}}\n", "s.yaml:3: cases is not a list"),
        ("- a\n- b\n", "s.yaml:1: this is not a table of keys and values"),
        (f"{HEAD}  - 17\n", "s.yaml:4: 17 is not a table of keys and values"),
        (f"{HEAD}  - id: a\n   prompt: hi\n", "s.yaml:5: is not YAML"),
        (f"{HEAD}  - {{id: a, prompt: hi, prompt: ho}}\n", "s.yaml:4: the key 'prompt' is written twice, first on line 4"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_suite_is_said(desk, text, complaint):
    (said,) = desk.complaints_about("s.yaml", text)
    assert said.startswith(complaint)


def test_a_file_that_is_not_utf_8_is_said_with_its_line(desk):
    path = desk.folder / "s.yaml"
    path.write_bytes(HEAD.encode() + b"  - {id: a, prompt: caf\xe9}\n")
    assert desk.complaints(path) == ["s.yaml:4: is not UTF-8 (byte 0xe9) → save the file as UTF-8"]


def test_cases_are_checked_against_what_is_right_of_a_suite_with_a_wrong_key(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capabilty: c
        score: number
        cases:
          - {id: a, prompt: hi, expect: 3}
          - {id: b, prompt: hi, expect: many}
        """,
    )
    assert said[0] == "s.yaml:1: unknown key 'capabilty' → did you mean 'capability'?"
    assert said[1].startswith("s.yaml:5: number: 'expect'")
    assert len(said) == 2


def test_what_cases_lack_and_the_suite_does_not_give_is_said_once(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        cases:
          - {id: a, prompt: hi, expect: x, score: exact, capability: c}
          - {id: b, prompt: hi, capability: c}
          - {id: c, prompt: hi}
        """,
    )
    assert said == [
        "s.yaml:3: this case is not scored (like 1 more) → say `score` in the suite or in the case, such as exact",
        "s.yaml:4: this case has no capability → say `capability` in the suite or in the case, such as arithmetic",
    ]


def test_a_limit_hides_no_problem(desk):
    path = desk.write("s.yaml", f"{HEAD}  - {{id: a, prompt: hi, expect: x}}\n  - {{id: b, prompt: hi}}\n")
    (said,) = desk.complaints(path)
    assert said.startswith("s.yaml:5: exact: 'expect' must be")


def test_an_anchor_saves_saying_things_twice(desk):
    suite = desk.suite(
        "s.yaml",
        """
        # yaml-language-server: $schema=schema.json
        capability: c
        score: tool_calls
        cases:
          - {id: a, prompt: hi, expect: [], tools: &tools [{name: f}]}
          - {id: b, prompt: hi, expect: [{name: f}], tools: *tools}
        """,
    )
    assert suite.cases[0].prompt.tools == suite.cases[1].prompt.tools


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.sampled_from(["a", "{{x}}", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "role", "content", "name", "exact", "text", "type"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def tables(model, **known):
    keys = {key: known.get(key, VALUES) | VALUES for key in model.model_fields}
    return st.fixed_dictionaries({}, optional=keys)


CASES = tables(
    YamlCase, id=st.sampled_from(["a", "b"]), prompt=st.just("hi"), expect=st.just("x"), score=st.just("exact")
)


@settings(max_examples=200, deadline=None)
@given(said=tables(YamlSuite, cases=st.lists(CASES, max_size=3)))
def test_whatever_a_file_says_it_is_a_suite_or_bad_input(tmp_path_factory, said):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(json.dumps(said))
    with suppress(BadInput):
        (suite,) = load.suites([path])
        assert len(suite.hash) == 16
        assert all(case.capability and case.criteria for case in suite.cases)
