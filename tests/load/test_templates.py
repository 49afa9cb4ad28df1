from hypothesis import given
from hypothesis import strategies as st

from harness.load.place import Place
from harness.load.templates import render_text


def content(case):
    return case.prompt.messages[-1]["content"]


def test_variables_of_the_case_stand_over_those_of_the_suite(desk):
    suite = desk.suite(
        "s.yaml",
        """
        capability: c
        score: exact
        system: "You live in {{town}}"
        vars: {town: Oslo, n: 3}
        cases:
          - id: a
            prompt: "{{ n }} in {{town}}"
            expect: x
          - id: b
            vars: {town: Riga}
            prompt: "{{n}} in {{town}}"
            expect: x
        """,
    )
    assert [content(case) for case in suite.cases] == ["3 in Oslo", "3 in Riga"]
    assert [case.prompt.messages[0]["content"] for case in suite.cases] == ["You live in Oslo", "You live in Riga"]


def test_text_is_filled_wherever_a_case_has_text(desk):
    case = desk.case(
        """
        vars: {x: one, y: two}
        messages: [{role: user, content: "{{x}}"}, {role: assistant, content: "{{y}}"}, {role: user, content: "?"}]
        expect: "{{x}} {{y}}"
        reference: {text: "{{y}}"}
        distractor: "not {{y}}"
        """
    )
    assert [message["content"] for message in case.prompt.messages] == ["one", "two", "?"]
    assert case.expect == "one two"
    assert case.reference.text == "two"
    assert case.distractor.text == "not two"


def test_an_expectation_that_is_only_a_variable_keeps_its_type(desk):
    case = desk.case("prompt: 'What is {{n}}?'\nvars: {n: 3}\nexpect: '{{n}}'\nscore: number")
    assert case.expect == 3
    assert content(case) == "What is 3?"


def test_a_prompt_that_is_only_a_variable_is_text(desk):
    case = desk.case("prompt: '{{n}}'\nvars: {n: [1, {a: true}]}\nexpect: x")
    assert content(case) == '[1, {"a": true}]'


def test_what_a_variable_holds_is_not_filled_again(desk):
    assert content(desk.case("prompt: '{{a}}'\nvars: {a: '{{b}}', b: x}\nexpect: x")) == "{{b}}"


def test_a_backslash_keeps_the_braces(desk):
    assert content(desk.case(r"prompt: 'What does \{{ name }} mean?'" + "\nexpect: x")) == "What does {{ name }} mean?"


def test_what_is_no_name_is_left_alone(desk):
    assert content(desk.case("prompt: '{{ a.b }} {{}} {x} {{1}}'\nexpect: x")) == "{{ a.b }} {{}} {x} {{1}}"


def test_an_undefined_variable_is_shown_where_it_stands_once_for_the_suites_own(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capability: c
        score: exact
        system: You live in {{twon}}
        cases:
          - id: a
            vars: {town: Oslo}
            messages:
              - {role: user, content: hi}
              - {role: user, content: "{{city}}"}
            expect: "{{town}} {{tonw}}"
          - id: b
            prompt: hi
            expect: x
        """,
    )
    assert said == [
        "s.yaml:3: undefined variable 'twon' → did you mean 'town'?; '\\{{' writes the braces themselves",
        "s.yaml:9: undefined variable 'city' → known: town; '\\{{' writes the braces themselves",
        "s.yaml:10: undefined variable 'tonw' → did you mean 'town'?; '\\{{' writes the braces themselves",
    ]


def test_without_any_variables_the_hint_says_where_to_define_them(desk):
    text = "capability: c\nscore: exact\ncases:\n  - {id: a, prompt: 'hi {{x}}', expect: y}\n"
    assert desk.complaints_about("s.yaml", text) == [
        "s.yaml:4: undefined variable 'x' → define it under `vars`; '\\{{' writes the braces themselves"
    ]


def test_variables_that_are_no_table_are_said_once(desk):
    text = "capability: c\nscore: exact\ncases:\n  - {id: a, prompt: hi, expect: y, vars: [1]}\n"
    (said,) = desk.complaints_about("s.yaml", text)
    assert said.startswith("s.yaml:4: vars is not a table")


@given(st.text(alphabet=st.characters(exclude_characters="{}")))
def test_text_without_braces_stays_as_it_is(text):
    place = Place(None, lambda _key: 1, [])  # type: ignore[arg-type]  # no complaint is made
    assert render_text(text, {"a": 1}, place) == text
    assert place.problems == []
