"""What a form comes to is what litellm's translation comes to, for every kind, streamed or not; what is not surely so is left to litellm."""

import itertools
import subprocess
import sys

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.ask import Prompt, Provider, Secret
from harness.client import forms
from harness.client.translate import Untranslatable, translate, wire_of
from harness.client.wires import WIRES
from harness.registry import Catalogue
from tests.client import learning
from tests.client.server import KEY, TOOLS
from tests.client.test_request_templates import TEXTS, talk

KINDS = sorted(kind for wire in WIRES for kind in wire.endpoints)
MODELS = [
    "sim-swift", "my-own-model", "Some/Model-7B-Instruct", "gpt-4o-mini", "gpt-5.4-mini", "gpt-7-new", "o1", "o5-mini", "claude-haiku-4-5",
    "claude-opus-9", "gemini-2.5-flash", "gemini-9", "grok-4", "llama-3.3-70b-versatile", "magistral-small-latest", "command-r", "google/gemma-2-9b-it",
    "accounts/fireworks/models/glm-5", "mistralai/Mistral-7B-Instruct-v0.1", "openai/gpt-oss-120b", "a:b", "x" * 200, "responses/gpt-4o", "@cf/a", "é",
]  # fmt: skip
PARAMS = [
    {}, {"temperature": 0, "max_tokens": 256}, {"temperature": 0.2, "max_tokens": 500, "top_p": 0.9, "seed": 3}, {"max_tokens": 0}, {"max_tokens": 5.0},
    {"max_tokens": 3, "max_completion_tokens": 4}, {"temperature": None}, {"temperature": True}, {"temperature": float("inf")}, {"seed": -1},
    {"stop": ["a"]}, {"n": 2}, {"api_version": "2025-01-01"}, {"presence_penalty": 0, "frequency_penalty": 0.5}, {"max_tokens": 2**40},
]  # fmt: skip
BASES = [
    None,
    "http://127.0.0.1:9/v1",
    "http://127.0.0.1:9",
    "https://h.test/openai/v1/",
    "https://h.test/v1?a=b",
    "http://h/chat/completions",
]
KEYS = [None, "sk-plain-0123456789", "sk-ant-oat01-abc", "Bearer abc", "oidc/x"]


def provider(kind, model="my-own-model", base="http://127.0.0.1:9/v1", key=KEY, **more):
    return Provider("p", f"{kind}/{model}", api_key=Secret(key) if key else None, base_url=base, **more)


def asked(of, prompt, params, *, stream):
    """The request by its form and by litellm, each as comparable parts; None where there is none."""
    made = forms.request(of, prompt, params, stream=stream)
    wire = wire_of(of, prompt, params)
    if made is None or wire is None:
        return parts(made), None
    try:
        return parts(made), parts(translate(of, wire, prompt, params, stream=stream))
    except Untranslatable as why:
        return parts(made), why


def parts(made):
    if made is None:
        return None
    body = orjson.loads(made.body)
    return {
        **{name: getattr(made, name) for name in made.__dataclass_fields__},
        "body": body,
        "headers": dict(made.headers),
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_kind_has_a_form_and_it_says_what_litellm_says(kind, stream):
    for frame, params in itertools.product(["u", "su"], PARAMS[:2]):
        if kind == "replicate" and frame != "u":
            continue  # one text for the whole conversation
        by_form, by_litellm = asked(provider(kind), learning.asked(frame)[0], params, stream=stream)
        assert by_form == by_litellm
        assert by_form is not None


@st.composite
def questions(draw):
    of = provider(
        draw(st.sampled_from(KINDS)), draw(st.sampled_from(MODELS)), draw(st.sampled_from(BASES)), draw(st.sampled_from(KEYS)),
        drop_params=draw(st.booleans()),
    )  # fmt: skip
    roles = draw(
        st.sampled_from([["user"], ["system", "user"], ["user", "assistant", "user"], ["user", "user"], ["assistant"]])
    )
    texts = draw(st.lists(TEXTS, min_size=len(roles), max_size=len(roles)))
    return of, Prompt(talk(roles, texts)), draw(st.sampled_from(PARAMS)), draw(st.booleans())


@settings(max_examples=600, deadline=None)
@given(questions())
def test_whatever_is_asked_a_form_says_what_litellm_says_or_nothing(question):
    of, prompt, params, stream = question
    by_form, by_litellm = asked(of, prompt, params, stream=stream)
    assert by_form is None or by_form == by_litellm


@pytest.mark.parametrize("kind", KINDS)
def test_the_models_that_the_table_has_a_form_for_are_asked_as_litellm_would(kind):
    """A few of each kind, among them one of each form."""
    known = forms._kinds()[kind]["models"]
    first = {place: model for model, place in reversed(known.items()) if place is not None}
    for model in first.values():
        made = asked(provider(kind, model), learning.asked("u")[0], {"max_tokens": 9}, stream=True)
        assert made[0] is not None
        assert made[0] == made[1]


def test_forms_are_what_would_be_learned_now():
    """Of one kind, since all take minutes: `make forms` writes them anew, after litellm was changed."""
    words, names = learning.compared()
    table = Catalogue.load().table
    kind = "xai"
    assert orjson.loads(orjson.dumps(learning.learned(kind, words, names, table))) == forms._kinds()[kind]


@pytest.mark.parametrize(
    ("prompt", "params"),
    [
        (Prompt(talk(["user"], ["hi"]), TOOLS), {}),
        (Prompt(talk(["user"], ["hi"]), response_format={"type": "json_object"}), {}),
        (Prompt(({"role": "user", "content": "hi", "name": "me"},)), {}),
        (Prompt(({"role": "user", "content": [{"type": "text", "text": "hi"}]},)), {}),
        (Prompt(talk(["user"], [" "])), {}),
        (Prompt(talk(["user"], ["\ud83d"])), {}),
        (Prompt(talk(["user", "user"], ["a", "b"])), {}),
        (Prompt(talk(["user"], ["hi"])), {"stop": "x"}),
    ],
)
def test_what_is_not_plain_is_left_to_litellm(prompt, params):
    assert forms.request(provider("openai"), prompt, params, stream=True) is None


def test_a_setting_that_litellm_reads_leaves_it_to_litellm(monkeypatch):
    prompt = Prompt(talk(["user"], ["hi"]))
    assert forms.request(provider("groq", base=None), prompt, {}, stream=True)
    monkeypatch.setenv("GROQ_API_BASE", "http://elsewhere/v1")
    assert forms.request(provider("groq", base=None), prompt, {}, stream=True) is None


def test_forms_of_another_version_of_litellm_are_not_used(monkeypatch):
    monkeypatch.setattr(forms, "version", lambda _name: "0.0.1")
    forms._kinds.cache_clear()
    try:
        assert forms.request(provider("openai"), Prompt(talk(["user"], ["hi"])), {}, stream=True) is None
    finally:
        forms._kinds.cache_clear()


def test_a_prompt_is_plain_when_others_of_its_roles_are_asked_alike():
    assert forms.plain(Prompt(talk(["system", "user"], ["a", "b"]))) == "su"
    assert forms.plain(Prompt(talk(["user"], ["a"]), TOOLS)) is None
    assert forms.plain(Prompt(talk(["user"], ["\ud83d"]))) is None


def test_no_litellm_is_imported_for_a_form():
    said = (
        "import sys\n"
        "from harness.ask import Prompt, Provider\n"
        "from harness.client.templates import Translator\n"
        "asked = Prompt(({'role': 'user', 'content': 'hi'},))\n"
        "translator = Translator()\n"
        "for _ in range(3):\n"
        "    made = translator.request(Provider('p', 'openai/any', base_url='http://h/v1'), asked, {'max_tokens': 3}, stream=True)\n"
        "    assert made\n"
        "print('litellm' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
