import pytest


def complaints_about_case(desk, case, head="capability: c\nscore: exact\n"):
    body = "\n".join(f"    {line}" for line in case.splitlines())
    return desk.complaints_about("s.yaml", f"{head}cases:\n  - id: a\n    expect: x\n{body}\n")


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ("promtp: hi", "6: unknown key 'promtp' → did you mean 'prompt'?"),
        ("prompt: 3", "6: prompt: 3 is not text"),
        ("prompt: ' '", "4: `prompt` is empty"),
        ("cluster: x", "4: nothing is asked → give `prompt` or `messages`"),
        ("prompt: hi\nmessages: [{role: user, content: hi}]", "4: `prompt` and `messages` are both given → keep one of them"),
        ("messages: []", "6: messages has fewer than 1 items"),
        ("messages:\n  - {role: robot, content: hi}", "7: role: 'robot' is not one of them → known: 'system', 'developer', 'user', 'assistant', 'tool'"),
        ("messages:\n  - {role: user}", "7: messages, item 1: a message says nothing → give it `content`"),
        ("messages:\n  - {role: user, content: []}", "7: messages, item 1: a message says nothing → give it `content`"),
        ("messages:\n  - {role: user, content: 3}", "7: content: 3 is neither text nor a list"),
        ("messages:\n  - {role: user, content: [{type: audio}]}", "7: type: 'audio' is not one of them → known: 'text', 'image_url'"),
        ("messages:\n  - {role: user, content: [{type: text}]}", "7: content, item 1: a part of type text has `text` and nothing else"),
        ("messages:\n  - {role: user, content: [{type: text, image_url: {url: 'https://x/y'}}]}", "7: content, item 1: a part of type text has `text` and nothing else"),
        ("messages:\n  - {role: user, content: [{type: image_url, image_url: {url: a.png}}]}", "7: image_url.url: 'a.png' does not fit ^(https?://[^\\s/]+|data:image/[\\w.+-]+;base64,[A-Za-z0-9+/]+={0,2}$)"),
        ("messages:\n  - {role: user, content: [{type: image_url, image_url: {url: 'https://x/y', size: 3}}]}", "7: unknown key 'size' → known: detail, url"),
        ("messages:\n  - {role: system, content: [{type: image_url, image_url: {url: 'https://x/y'}}]}", "7: messages, item 1: pictures stand in a user's message and nowhere else"),
        ("messages:\n  - {role: user, content: hi, tool_call_id: x}", "7: messages, item 1: `tool_call_id` stands in a tool's message and nowhere else"),
        ("messages:\n  - {role: tool, content: hi}", "7: messages, item 1: `tool_call_id` stands in a tool's message and nowhere else"),
        ("messages:\n  - role: user\n    tool_calls: [{id: x, function: {name: f, arguments: ''}}]", "7: messages, item 1: `tool_calls` stand in an assistant's message and nowhere else"),
        ("system: x\nmessages: [{role: system, content: hi}]", "4: `system` is given and `messages` has a system message → keep one of them"),
        ("prompt: hi\ntools: [{description: x}]", "7: 'name' is missing"),
        ("prompt: hi\ntools: [{name: a b}]", "7: name: 'a b' does not fit ^[a-zA-Z0-9_-]{1,64}$"),
        ("prompt: hi\ntools: [{name: f, paramters: {}}]", "7: unknown key 'paramters' → did you mean 'parameters'?"),
        ("prompt: hi\ntools: [{name: f}, {name: f}]", "4: the tool 'f' is given twice"),
        ("prompt: hi\ntool_choice: auto", "4: `tool_choice` without `tools`"),
        ("prompt: hi\ntools: [{name: f}]\ntool_choice: must", "4: tool_choice 'must' is not one of them → known: auto, none, required"),
        ("prompt: hi\ncapability: all", "7: capability: 'all' is no capability → name a skill, such as arithmetic; 'all' stands for all of them"),
        ("prompt: hi\ntags: smoke", "7: tags: 'smoke' is not a list"),
        ("prompt: hi\ntags: [fine, a or b]", "7: tags, item 2: 'a or b' is not one word → leave out white space and ( ) & | ! , so that -k and -m can name it"),
        ("prompt: hi\ntags: [not]", "7: tags, item 1: 'not' is not one word → leave out white space and ( ) & | ! , so that -k and -m can name it"),
        ("prompt: hi\nparams: {model: x, stream: true}", "7: params: 'model', 'stream' cannot be set here → params are temperature, max_tokens and the like; tools, tool_choice and response_schema are keys of a case, the rest stands in the registry"),
        ("prompt: hi\nreference: {txt: x}", "7: unknown key 'txt' → did you mean 'text'?"),
        ("prompt: hi\nreference: {}", "7: reference: an answer says and calls nothing → give it `text`, `tool_calls` or both"),
        ("prompt: hi\ndistractor: {tool_calls: [{name: f, arguments: '{}'}]}", "7: arguments: '{}' is not a table of keys and values"),
        ("prompt: hi\nresponse_schema: thing", "7: response_schema: 'thing' is not a table of keys and values"),
    ],
)  # fmt: skip
def test_a_case_that_is_wrong_is_said_at_its_line(desk, case, complaint):
    assert complaints_about_case(desk, case) == [f"s.yaml:{complaint}"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("7", "id: 7 is not text"),
        ("a b", "id: 'a b' is not one word → leave out white space and ( ) & | ! , so that -k and -m can name it"),
        ("a::b", "id: 'a::b' has '::' in it → that stands between suite and case"),
    ],
)
def test_an_id_is_one_word_that_an_expression_can_name(desk, name, complaint):
    text = f"capability: c\nscore: exact\ncases:\n  - prompt: hi\n    expect: x\n    id: {name}\n"
    assert desk.complaints_about("s.yaml", text) == [f"s.yaml:6: {complaint}"]


def test_an_id_is_needed(desk):
    text = "capability: c\nscore: exact\ncases:\n  - prompt: hi\n    expect: x\n"
    assert desk.complaints_about("s.yaml", text) == ["s.yaml:4: 'id' is missing"]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("capabilty: c", "unknown key 'capabilty' → did you mean 'capability'?"),
        ("repeat: 0", "repeat: 0 is below 1"),
        ("repeat: true", "repeat: true is not a whole number"),
        ("params: [1]", "params is not a table of keys and values"),
        ("capability: ' '", "capability: ' ' is no capability → name a skill, such as arithmetic; 'all' stands for all of them"),
        ("vars: 3", "vars: 3 is not a table of keys and values"),
        ("count: 3", "unknown key 'count' → known: "),
    ],
)  # fmt: skip
def test_a_suite_that_is_wrong_is_said_at_its_line(desk, said, complaint):
    text = f"score: exact\n{said}\ncases:\n  - {{id: a, prompt: hi, expect: x, capability: c}}\n"
    (problem,) = desk.complaints_about("s.yaml", text)
    assert problem.startswith(f"s.yaml:2: {complaint}")
