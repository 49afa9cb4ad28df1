"""A request by template is the request that litellm's translation makes."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.ask import Prompt, Provider, Secret
from harness.client import forms, templates
from harness.client.templates import MOST_SHAPES, Translator
from harness.client.translate import Untranslatable, translate, wire_of
from harness.client.wires import WIRES
from tests.client.server import KEY, TOOLS

KINDS = [kind for wire in WIRES for kind in wire.endpoints]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {}}}}
MODELS = {"anthropic": "claude-haiku-4-5", "groq": "llama-3.3-70b-versatile", "mistral": "magistral-small-latest"}
ODD = [
    "", " ", "\n", "hi", "hi\n", " \t hi", "0", "null", '"', "\\", '"}],"model":"x', "a\x00b", "\x7f\x1b[1m", "Zürich 東京 🙂", "\u2028",
    "\ud83d", "\ude42\ud83d", "\xa0edge\xa0", "\n\nHuman: hi\n\nAssistant:", "{role}", "%s {0}", "x-anthropic-billing-header: a=b",
    "<tool_call>", "https://example.com/a.png", "data:image/png;base64,iVBORw0KGgo=", "Z" + "0" * 32 + "Z", "answer in json", "x" * 5000,
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=30))
ROLES = st.lists(st.sampled_from(["system", "user", "assistant", "developer"]), max_size=3)
PARAMS = [{}, {"max_tokens": 7, "temperature": 0.0}, {"stop": ["\n"], "top_p": None}, {"max_tokens": 9, "seed": 3}]


def asked(kind, **more):
    fields = {"api_key": Secret(KEY), "base_url": "http://127.0.0.1:9/v1", "drop_params": True, **more}
    return Provider("p", f"{kind}/{MODELS.get(kind, 'some-model')}", **fields)


PROVIDERS = {kind: asked(kind) for kind in KINDS}


def by_litellm(provider, prompt, params, *, stream):
    wire = wire_of(provider, prompt, params)
    return wire and translate(provider, wire, prompt, params, stream=stream)


def outcome(make, *question, stream):
    try:
        return make(*question, stream=stream)
    except Untranslatable as refused:
        return refused.failure


def talk(roles, texts):
    return tuple({"role": role, "content": text} for role, text in zip(roles, texts, strict=True))


@st.composite
def questions(draw):
    """One of all kinds of providers, a shape of question, and a few questions of that shape with texts of their own."""
    roles = [*draw(ROLES), "user"]
    more = draw(st.sampled_from([{}, {"tools": TOOLS, "tool_choice": "auto"}, {"response_format": FORMAT}]))
    contents = draw(st.lists(st.lists(TEXTS, min_size=len(roles), max_size=len(roles)), min_size=3, max_size=4))
    prompts = [Prompt(talk(roles, texts), **more) for texts in contents]
    return PROVIDERS[draw(st.sampled_from(KINDS))], prompts, draw(st.sampled_from(PARAMS)), draw(st.booleans())


@pytest.fixture(autouse=True, scope="module")
def without_forms():
    """Here all is litellm's to translate; that forms say the same is `test_forms`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "request", lambda *_args, **_named: None)
        yield


TRANSLATOR = Translator()


@settings(max_examples=300, deadline=None)
@given(questions())
def test_whatever_the_texts_the_request_is_the_one_that_litellm_makes(question):
    """Also after the shape has been filled with others: the translator is the same for all examples."""
    provider, prompts, params, stream = question
    for prompt in prompts:
        by_template = outcome(TRANSLATOR.request, provider, prompt, params, stream=stream)
        assert by_template == outcome(by_litellm, provider, prompt, params, stream=stream)


@pytest.fixture
def counted(monkeypatch):
    """The prompts that litellm is given to translate."""
    given_to_litellm = []

    def counting(provider, wire, prompt, params, *, stream):
        given_to_litellm.append(prompt)
        return translate(provider, wire, prompt, params, stream=stream)

    monkeypatch.setattr(templates, "translate", counting)
    return given_to_litellm


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "replicate"])
def test_litellm_translates_a_shape_three_times_and_no_more(kind, counted):
    """When it is new, when it comes again, and then once with markers."""
    translator = Translator()
    for number in range(20):
        prompt = Prompt(talk(["system", "user", "assistant", "user"], [f'{place} "{number}"\n' for place in "abcd"]))
        made = translator.request(PROVIDERS[kind], prompt, {"max_tokens": 5}, stream=True)
        assert made
        assert f'"{number}"' in json.dumps(json.loads(made.body)).replace('\\"', '"')
    assert len(counted) == 3


def test_what_goes_out_beside_the_texts_is_one_object_for_all():
    translator = Translator()
    made = [translator.request(PROVIDERS["openai"], Prompt(talk(["user"], [one])), {}, stream=True) for one in "abcd"]
    by_template = [one for one in made[2:] if one]
    assert len(by_template) == 2
    assert by_template[0].params is by_template[1].params
    assert by_template[0].headers is by_template[1].headers


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"max_tokens": 5.0}},
        {"params": {"max_tokens": True}},
        {"params": {}},
        {"stream": False},
        {"tools": TOOLS},
        {"provider": asked("openai", api_key=Secret("sk-another-0123456789"))},
        {"provider": asked("openai", base_url="http://127.0.0.1:10/v1")},
        {"messages": ({"content": "b", "role": "user"},)},
        {"messages": ({"role": "user", "content": [{"type": "text", "text": "b"}, PICTURE]},)},
        {"messages": ({"role": "user", "content": "b", "name": "me"},)},
        {"messages": ({"role": "assistant", "content": "b"},)},
    ],
    ids=str,
)
def test_a_question_of_another_shape_is_another_request(change):
    translator, first = Translator(), Prompt(talk(["user"], ["a"]))
    for _ in range(3):
        translator.request(PROVIDERS["openai"], first, {"max_tokens": 5}, stream=True)
    changed = dict(change)
    provider, params = changed.pop("provider", PROVIDERS["openai"]), changed.pop("params", {"max_tokens": 5})
    stream = changed.pop("stream", True)
    prompt = replace(first, **changed)
    made = [outcome(translator.request, provider, prompt, params, stream=stream) for _ in range(3)]
    assert made == [outcome(by_litellm, provider, prompt, params, stream=stream)] * 3
    assert made[0] != translator.request(PROVIDERS["openai"], first, {"max_tokens": 5}, stream=True)


def test_a_model_that_answers_elsewhere_is_left_to_litellm_each_time():
    provider = Provider("p", "openai/o1-pro", Secret(KEY))
    translator = Translator()
    assert [translator.request(provider, Prompt(talk(["user"], [text])), {}, stream=True) for text in "abc"] == [
        None
    ] * 3


def test_params_that_are_no_json_are_translated_each_time(counted):
    translator = Translator()
    for text in "abc":
        with pytest.raises(Untranslatable):
            translator.request(PROVIDERS["openai"], Prompt(talk(["user"], [text])), {"seed": 2**70}, stream=True)
    assert len(counted) == 3


def test_the_shapes_that_are_remembered_are_bounded(counted):
    translator, prompt = Translator(), Prompt(talk(["user"], ["a"]))
    for _ in range(2):
        for number in range(MOST_SHAPES + 1):
            translator.request(PROVIDERS["openai"], prompt, {"seed": number}, stream=True)
    assert len(counted) == 2 * (MOST_SHAPES + 1)  # each was forgotten before it came again
