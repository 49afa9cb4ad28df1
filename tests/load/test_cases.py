import json

import pytest

from harness.ask import Answer, ToolCall

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def test_a_prompt_is_a_users_message_after_the_system_message(desk):
    case = desk.case("prompt: hi\nsystem: be brief\nexpect: x")
    assert case.prompt.messages == ({"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"})


def test_a_case_may_take_the_suites_system_message_away_or_bring_its_own(desk):
    suite = desk.suite(
        "s.yaml",
        """
        capability: c
        score: exact
        system: shared
        cases:
          - {id: a, prompt: hi, expect: x}
          - {id: b, prompt: hi, expect: x, system: own}
          - {id: c, prompt: hi, expect: x, system: ""}
          - {id: d, expect: x, messages: [{role: system, content: told}, {role: user, content: hi}]}
          - {id: e, expect: x, messages: [{role: user, content: hi}]}
        """,
    )
    first = [case.prompt.messages[0] for case in suite.cases]
    assert [message["content"] for message in first] == ["shared", "own", "hi", "told", "shared"]


def test_messages_are_kept_as_they_are(desk):
    messages = [
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "sun"},
    ]
    case = desk.case(f"messages: {json.dumps(messages)}\nexpect: x")
    assert list(case.prompt.messages) == messages


def test_pictures_reach_the_prompt_in_openais_form_with_variables_put_in(desk):
    case = desk.case(
        """
        messages:
          - role: user
            content:
              - {type: text, text: "What is {{what}}?"}
              - {type: image_url, image_url: {url: "https://example.org/{{what}}.png"}}
        vars: {what: this}
        expect: x
        """
    )
    assert case.prompt.messages == (
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.org/this.png"}},
            ],
        },
    )


def test_tools_in_short_and_long_form_are_the_same(desk):
    short = desk.case("prompt: hi\nexpect: x\ntools: [{name: f}]")
    long_form = desk.case("prompt: hi\nexpect: x\ntools: [{type: function, function: {name: f}}]\ntool_choice: auto")
    assert short.prompt.tools == long_form.prompt.tools == (TOOL,)
    assert long_form.prompt.tool_choice == "auto"


def test_a_response_schema_is_asked_for_in_openais_form(desk):
    case = desk.case("prompt: hi\nexpect: {n: 1}\nscore: json\nresponse_schema: {type: object}")
    assert case.prompt.response_format == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": {"type": "object"}, "strict": True},
    }


def test_what_a_case_and_its_suite_say_is_joined(desk):
    suite = desk.suite(
        "suite_x.yaml",
        """
        description: about
        capability: c
        tags: [t]
        params: {temperature: 0}
        repeat: 3
        score: exact
        cases:
          - id: a
            prompt: hi
            expect: x
            capability: d
            tags: [u]
            cluster: k
            params: {max_tokens: 5}
          - {id: b, prompt: hi, expect: x}
        """,
    )
    assert (suite.name, suite.description, suite.repeat, suite.params) == ("x", "about", 3, {"temperature": 0})
    assert suite.path.name == "suite_x.yaml"
    assert suite.tags == {"t"}
    one, other = suite.cases
    assert (one.capability, one.tags, one.cluster, one.params) == ("d", {"t", "u"}, "k", {"max_tokens": 5})
    assert (other.capability, other.tags, other.cluster, other.params) == ("c", {"t"}, None, {})
    assert (one.line, other.line) == (8, 15)


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ("expect: Paris\nscore: exact", Answer("Paris")),
        ("expect: 3\nscore: number", Answer("3")),
        ("expect: 2.5\nscore: [{refusal: {expected: false}}, number]", Answer("2.5")),
        ("expect: B\nscore: {choice: {choices: [A, B]}}", Answer("B")),
        ("expect: Paris\nscore: contains", Answer("Paris")),
        ("expect: [a, b]\nscore: contains", None),
        ("expect: {n: [1, é]}\nscore: json", Answer('{"n": [1, "é"]}')),
        ("expect: {n: {any_of: [2, 3]}}\nscore: json", Answer('{"n": 2}')),
        ("score: {json: {schema: {type: object}}}", None),
        ("expect: Paris\nscore: {exact: {}, not: true}", None),
        ("score: {refusal: {expected: true}}", None),
        ("expect: Paris\nscore: exact\nreference: It is Paris", Answer("It is Paris")),
        ("expect: Paris\nscore: exact\nreference: {text: hm}", Answer("hm")),
        ("expect: '3'\nscore: exact\nreference: 3", Answer("3")),
    ],
)
def test_the_reference_is_what_is_said_or_what_is_expected(desk, said, reference):
    assert desk.case(f"prompt: hi\n{said}").reference == reference


def test_the_reference_of_expected_calls_makes_them(desk):
    case = desk.case(
        """
        prompt: hi
        tools: [{name: f}, {name: g}]
        score: tool_calls
        expect: [{name: f, arguments: {x: {any_of: [é, e]}}}, {name: g, arguments: {}}]
        distractor: {tool_calls: [{name: g, arguments: {y: 1}}]}
        """
    )
    assert case.reference == Answer(tool_calls=(ToolCall("f", '{"x": "é"}'), ToolCall("g", "{}")))
    assert case.distractor == Answer(tool_calls=(ToolCall("g", '{"y": 1}'),))


def test_where_no_call_is_expected_the_reference_is_text(desk):
    case = desk.case("prompt: hi\ntools: [{name: f}]\nscore: tool_calls\nexpect: []\ndistractor: bye")
    assert case.reference
    assert case.reference.text
    assert not case.reference.tool_calls
    assert case.distractor == Answer("bye")


def test_a_call_of_a_tool_that_is_not_offered_is_wrong(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capability: c
        score: tool_calls
        cases:
          - id: a
            prompt: hi
            tools: [{name: get_weather}]
            expect:
              - {name: get_weather, arguments: {}}
              - {name: get_wether, arguments: {}}
        """,
    )
    assert said == [
        "s.yaml:9: expects a call of 'get_wether', which is not among the tools → did you mean 'get_weather'?"
    ]


def test_schemas_that_are_none_are_wrong(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capability: c
        score: exact
        cases:
          - id: a
            prompt: hi
            expect: x
            tools:
              - name: f
                parameters: {properties: {}}
              - name: g
                parameters: {type: object, properties: 5}
            response_schema:
              type: thing
        """,
    )
    assert [one.split(" →")[0] for one in said] == [
        "s.yaml:9: the parameters of the tool 'f' are not of type object",
        "s.yaml:11: the parameters of the tool 'g': not a valid JSON Schema",
        "s.yaml:12: `response_schema`: not a valid JSON Schema",
    ]
    assert "5 is not of type 'object'" in said[1]
