"""providers.toml becomes a registry; whatever is wrong in it is told with its line, and no key is ever shown."""

import copy
import pickle
from pathlib import Path

import pytest

from harness import registry
from harness.ask import Account, Deadlines, Limits, Prices, PriceTier, Retries, Secret
from harness.errors import BadInput, ExitCode, WrongUse
from harness.registry.entries import own_prices

KEY = "sk-proj-4f9aQ7zLk2mN8pRt"

FULL = """\
[fallback]
enabled = false
max_retries = 5
retry_delay_ms = 250
strategy = "cost"

[[providers]]
name = "mine"
model = "openai/gpt-5.4-mini"
api_key = "${OPENAI_API_KEY}"
base_url = "https://${HOST}/v1/"
embedding_model = "openai/${EMBED:-text-embedding-3-small}"
max_tokens = 512
temperature = 0
params = { top_p = 0.9, stop = ["${STOP:-END}"], extra_body = { region = "eu" } }
drop_params = true
priority = 3
tags = ["a", "b"]
max_concurrency = 2
rpm = 60
tpm = 10000
max_retries = 1
timeout_connect_s = 1
timeout_first_token_s = 2.5
timeout_stall_s = 3
timeout_total_s = 4
context_tokens = 1000
max_output_tokens = 100
capabilities = ["tools", "vision"]

[providers.prices]
input = 0.10
output = 0.40
cached_input = 0.05
"""


def one(text, **more):
    return f'[[providers]]\nname = "x"\n{text}\n'


def test_everything_that_is_said_reaches_the_provider(read):
    found = read(FULL, OPENAI_API_KEY=KEY, HOST="h.example.com")
    [entry] = found.entries
    provider = entry.provider
    assert (provider.name, provider.model, provider.kind) == ("mine", "openai/gpt-5.4-mini", "openai")
    assert provider.api_key == Secret(KEY)
    assert provider.base_url == "https://h.example.com/v1"
    assert provider.embedding_model == "openai/text-embedding-3-small"
    assert provider.params == {
        "max_tokens": 512, "temperature": 0, "top_p": 0.9, "stop": ["END"], "extra_body": {"region": "eu"},
    }  # fmt: skip
    assert (provider.drop_params, provider.priority, provider.tags) == (True, 3, {"a", "b"})
    assert provider.limits == Limits(2, 60, 10000)
    assert provider.retries == Retries(1, 0.25)
    assert provider.deadlines == Deadlines(1, 2.5, 3, 4)
    assert provider.prices == own_prices(Prices(1e-07, 4e-07, 5e-08))
    assert (entry.missing, entry.line) == ((), 7)
    assert (entry.context_tokens, entry.max_output_tokens, entry.capabilities) == (1000, 100, {"tools", "vision"})
    assert found.fallback == registry.Fallback(enabled=False, retries=Retries(5, 0.25), strategy="cost")


def test_what_is_not_said_has_its_default(read):
    found = read(one('model = "openai/m"\nmax_retries = 0'))
    [entry] = found.entries
    assert entry.provider.params == {}
    assert entry.provider.limits == Limits()
    assert entry.provider.deadlines == Deadlines()
    assert entry.provider.retries == Retries(0, 1.0)
    assert entry.provider.prices is None
    assert entry.provider.api_key is None
    assert found.fallback == registry.Fallback()


def test_providers_of_one_account_have_its_limits_beside_their_own(read):
    said = '[[accounts]]\nname = "team"\nrpm = 120\nmax_concurrency = 4\n'
    found = read(said + one('model = "openai/m"\naccount = "team"\nrpm = 60'))
    provider = found.entries[0].provider
    assert provider.account == Account("team", 4, 120, None)
    assert provider.account_key == "team"
    assert provider.limits == Limits(rpm=60)
    assert found.hash != read(said + one('model = "openai/m"\nrpm = 60')).hash


def test_an_account_that_is_named_is_there_and_is_there_once(problems):
    named = one('model = "openai/m"\naccount = "teem"')
    line = named.splitlines().index('account = "teem"') + 1
    assert problems(named) == [
        (line, "there is no account 'teem'", 'add a table [[accounts]] with name = "teem", or leave `account` out')
    ]
    assert problems('[[accounts]]\nname = "team"\n' + named)[0][2] == "did you mean 'team'?"
    twice = '[[accounts]]\nname = "a"\n[[accounts]]\nname = "a"\n' + one('model = "openai/m"')
    assert problems(twice)[0][:2] == (4, "the name 'a' is given twice")


def test_variables_that_are_not_set_are_named_and_are_no_problem_of_the_file(read):
    text = one(
        'model = "azure/${DEPLOYMENT}"\nbase_url = "${BASE}"\napi_key = "${KEY}"\nparams = {api_version = "${V}"}'
    )
    [entry] = read(text).entries
    assert entry.missing == ("BASE", "DEPLOYMENT", "KEY", "V")
    assert (entry.provider.base_url, entry.provider.api_key) == (None, None)
    assert entry.provider.kind == "azure"


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ('model = "gpt-5.4-mini"', "openai/gpt-5.4-mini"),
        ('model = "${M:-claude-haiku-5-5}"', "anthropic/claude-haiku-5-5"),
        ('model = "${UNSET}"', "${UNSET}"),
        ('provider = "groq"\ntext_model = "openai/gpt-oss-120b"', "groq/openai/gpt-oss-120b"),
        ('provider = "google"\ntext_model = "gemini-3.8-flash"', "gemini/gemini-3.8-flash"),
        ('provider = "Together"\ntext_model = "a/b"', "together_ai/a/b"),
        ('provider = "ollama"\ntext_model = "llama3.1"', "ollama_chat/llama3.1"),
        ('provider = "openai"\ntext_model = "openai/gpt-4o"', "openai/gpt-4o"),
        ('provider = "${P:-mistral}"\ntext_model = "m"', "mistral/m"),
        ('provider = "${P}"\ntext_model = "m"', "${P}/m"),
    ],
)
def test_the_model_is_litellms_name_however_it_is_said(read, said, model):
    assert read(one(said)).entries[0].provider.model == model


def test_prices_of_longer_prompts_and_of_each_class_of_tokens_are_read(read):
    text = one(
        'model = "openai/m"\n[providers.prices]\ninput = 1\noutput = 4\ncache_write = 1.25\ncache_write_1h = 2\nreasoning = 5\n'
        "[[providers.prices.tiers]]\nabove = 200000\ninput = 2\n[[providers.prices.tiers]]\nabove = 400000\noutput = 0.1"
    )
    assert read(text).entries[0].provider.prices == own_prices(Prices(
        1e-06, 4e-06, None, 1.25e-06, None, 2e-06, 5e-06,
        (PriceTier(200_000, input=2e-06), PriceTier(400_000, output=1e-07)),
    ))  # fmt: skip


def test_own_prices_have_an_id_that_changes_with_them(read):
    said = [read(one(f'model = "openai/m"\n[providers.prices]\ninput = {usd}\noutput = 4')) for usd in (1, 1.0, 2)]
    first, same, other = (found.entries[0].provider.prices.id for found in said)
    assert first == same != other
    assert first.startswith("registry:")


MISTAKES = {
    "a misspelt key": (one('modle = "openai/m"'), 3, "unknown key 'modle'", "did you mean 'model'?"),
    "an unknown table": (one('model = "openai/m"') + "[falback]\n", 4, "unknown key 'falback'", "did you mean 'fallback'?"),
    "a misspelt price": (
        one('model = "openai/m"\n[providers.prices]\ninput = 1\noutput = 2\ncached = 1'),
        7, "unknown key 'cached'", "did you mean 'cached_input'?",
    ),
    "half a price": (one('model = "openai/m"\n[providers.prices]\ninput = 1'), 4, "'output' is missing", ""),
    "tiers out of order": (
        one('model = "openai/m"\n[providers.prices]\ninput = 1\noutput = 2\ntiers = [{above = 9}, {above = 9}]'),
        7, "prices.tiers: the tiers are not in order", "the shorter first, each with another `above`",
    ),
    "a tier from nowhere": (
        one('model = "openai/m"\n[providers.prices]\ninput = 1\noutput = 2\ntiers = [{input = 3}]'),
        7, "'above' is missing", "",
    ),
    "a negative price": (
        one('model = "openai/m"\n[providers.prices]\ninput = -1\noutput = 0'), 5, "prices.input: -1 is below 0.0", "",
    ),
    "no name": ('[[providers]]\nmodel = "openai/m"', 1, "'name' is missing", ""),
    "a name with capitals": (
        '[[providers]]\nname = "My GPT"\nmodel = "openai/m"', 2, "name: 'My GPT' is no name",
        "a name has small letters, digits and . _ - and begins with a letter or digit",
    ),
    "no provider at all": ("", 1, "'providers' is missing", ""),
    "an empty list": ("providers = []", 1, "providers has fewer than 1 items", ""),
    "a table where a list is meant": ('[providers]\nname = "x"', 1, "providers is not a list", ""),
    "no model": (one("priority = 1"), 1, "'model' is missing", 'such as model = "openai/gpt-5.4-mini", or provider and text_model'),
    "half a model": (
        one('provider = "openai"'), 1, "'text_model' is missing", 'such as model = "openai/gpt-5.4-mini", or provider and text_model',
    ),
    "the other half": (
        one('text_model = "m"'), 1, "'provider' is missing", 'such as model = "openai/gpt-5.4-mini", or provider and text_model',
    ),
    "two models": (
        one('model = "openai/m"\nprovider = "groq"'), 4, "'model' and 'provider' say the same thing twice",
        "keep model, or provider and text_model",
    ),
    "a provider that litellm has not": (
        one('provider = "opnai"\ntext_model = "m"'), 3, "litellm has no provider 'opnai'", "did you mean 'openai'?",
    ),
    "a provider like none": (
        one('provider = "qqqqqqqqqq"\ntext_model = "m"'), 3, "litellm has no provider 'qqqqqqqqqq'",
        'write it as litellm does: "openai", "anthropic", "gemini", …',
    ),
    "an unknown model": (
        one('model = "zzz"'), 3, "the provider of 'zzz' cannot be told from its name",
        "write provider/model; for a server that speaks OpenAI's protocol: openai/zzz and its base_url",
    ),
    "an ambiguous model": (
        one('model = "gpt-oss-120b"'), 3, "several providers serve 'gpt-oss-120b'",
        "write which: groq/openai/gpt-oss-120b, together_ai/openai/gpt-oss-120b, replicate/openai/gpt-oss-120b",
    ),
    "an empty model": (one('model = " "'), 3, "model: is empty", "give it a value, or leave the key out"),
    "a broken variable": (
        one('model = "openai/${MODEL"'), 3, "model: a '${' that does not begin a variable", "write ${NAME} or ${NAME:-default}",
    ),
    "a number in quotes": (one('model = "openai/m"\nmax_tokens = "512"'), 4, "max_tokens: '512' is not a whole number", ""),
    "no requests at all": (one('model = "openai/m"\nrpm = 0'), 4, "rpm: 0 is below 1", ""),
    "no time at all": (one('model = "openai/m"\ntimeout_total_s = 0'), 4, "timeout_total_s: 0 is not above 0.0", ""),
    "an unknown strategy": (
        one('model = "openai/m"') + '[fallback]\nstrategy = "luck"', 5, "fallback.strategy: 'luck' is not one of them",
        "known: 'priority', 'cost', 'latency', 'weights'",
    ),
    "a capability that is none": (
        one('model = "openai/m"\ncapabilities = ["tools", "sight"]'), 4, "capabilities, item 2: 'sight' is no capability of a model",
        f"known: {', '.join(sorted(registry.CAPABILITIES))}",
    ),
    "a param that has its own place": (
        one('model = "openai/m"\nparams = { max_tokens = 3 }'), 4, "params: 'max_tokens' does not belong here", "its place is: max_tokens",
    ),
    "a date among the params": (one('model = "openai/m"\n[providers.params]\nx = 1979-05-27'), 5, None, ""),
    "an address that is none": (
        one('model = "openai/m"\nbase_url = "localhost:8000"'), 4, "base_url is not an http:// or https:// address",
        "such as http://localhost:8000/v1",
    ),
    "no toml": (one("model = openai/m"), 3, "is not TOML: invalid value", 'text stands in quotes: key = "text"'),
    "a key twice": (one('model = "openai/m"\nmodel = "openai/n"'), 4, "this key is set twice in its table", "keep one of them"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(problems, text, line, message, hint):
    [(found, said, right)] = problems(text)
    assert found == line
    assert right == hint
    assert said == message or message is None


def test_a_file_that_is_not_there_is_named_and_is_wrong_use(tmp_path):
    with pytest.raises(BadInput, match=r"none\.toml: there is no such file") as caught:
        registry.load(tmp_path / "none.toml", {})
    assert caught.value.exit_code is ExitCode.WRONG_USE


def test_a_name_given_twice_names_both_lines_also_beside_other_mistakes(problems):
    table = '[[providers]]\nname = "same"\nmodel = "openai/m"\n'
    twice = (5, "the name 'same' is given twice", "the first is on line 2; give one of them another name")
    assert problems(table + table) == [twice]
    found = problems(table + table + "modle = 1\n")
    assert found[0] == twice
    assert [line for line, _, _ in found] == [5, 7]


def test_mistakes_that_need_the_environment_are_all_listed(problems):
    text = (
        one('model = "zzz"') + '[[providers]]\nname = "y"\nmodel = "openai/m"\nbase_url = "${BASE}"\napi_key = "sk-1"'
    )
    assert [line for line, _, _ in problems(text, BASE="nowhere")] == [3, 7]


LEAKS = {
    "a key in the file": one(f'model = "openai/m"\napi_key = "{KEY}"'),
    "a key as a default": one(f'model = "openai/m"\napi_key = "${{K:-{KEY}}}"'),
    "a key with a variable": one(f'model = "openai/m"\napi_key = "{KEY}${{K}}"'),
    "a key beside an address elsewhere": one(
        f'model = "openai/m"\nbase_url = "https://h.example.com"\napi_key = "{KEY}"'
    ),
    "a key as a list": one(f'model = "openai/m"\napi_key = ["{KEY}"]'),
    "a key under a wrong name": one(f'model = "openai/m"\napi_kye = "{KEY}"'),
    "a key where a number is meant": one(f'model = "openai/m"\nmax_tokens = "{KEY}"'),
    "a key among the params": one(f'model = "openai/m"\nparams = {{ api_key = "{KEY}" }}'),
    "a header among the params": one(
        f'model = "openai/m"\nparams = {{ extra_headers = {{ Authorization = "Bearer {KEY}" }} }}'
    ),
    "a header within a list": one(f'model = "openai/m"\nparams = {{ x = [{{ x-api-key = "{KEY}" }}] }}'),
    "a key variable among the params": one('model = "openai/m"\nparams = { user = "${OPENAI_API_KEY}" }'),
    "a key variable as the model": one('model = "openai/${OPENAI_API_KEY}"'),
    "a key variable as a tag": one('model = "openai/m"\ntags = ["${OPENAI_API_KEY}"]'),
    "a password in the address": one(f'model = "openai/m"\nbase_url = "https://me:{KEY}@h.example.com"'),
    "a key in the address": one(f'model = "openai/m"\nbase_url = "https://h.example.com?key={KEY}"'),
    "an address from the environment": one('model = "openai/m"\nbase_url = "${BASE}"'),
}


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
def test_a_credential_out_of_its_place_is_refused_and_never_shown(problems, text):
    found = problems(text, OPENAI_API_KEY=KEY, BASE=f"https://u:{KEY}@h.example.com")
    assert found
    assert KEY not in repr(found)


def test_the_hint_for_a_literal_key_names_a_variable(problems):
    [(line, message, hint)] = problems(one(f'model = "openai/m"\napi_key = "{KEY}"'))
    assert (line, message) == (4, "an API key may not stand in the file")
    assert hint == 'put the key into an environment variable and name it: api_key = "${OPENAI_API_KEY}"'
    [(_, _, hint)] = problems('[[providers]]\nname = "my-gpt"\nmodel = "gpt-4o"\napi_key = "sk-1"')
    assert hint.endswith('"${MY_GPT_API_KEY}"')


def test_a_server_on_this_machine_may_have_any_word_as_its_key(read):
    [entry] = read(one('model = "openai/m"\nbase_url = "http://127.0.0.1:8000/v1"\napi_key = "none"')).entries
    assert entry.provider.api_key == Secret("none")
    text = one('model = "openai/m"\nbase_url = "${BASE}"\napi_key = "none"')
    assert read(text).entries[0].missing == ("BASE",)
    assert read(text, BASE="http://localhost:1").entries[0].provider.api_key == Secret("none")


def test_an_empty_key_is_no_key(read):
    assert read(one('model = "openai/m"\napi_key = "${K:-}"')).entries[0].provider.api_key is None


def test_the_key_is_in_nothing_that_can_be_printed_hashed_or_pickled(read):
    found = read(FULL, OPENAI_API_KEY=KEY, HOST="h.example.com")
    for thing in (found, found.entries[0], found.entries[0].provider, registry.readiness(found.entries[0])):
        assert KEY not in repr(thing)
        assert KEY not in str(thing)
    with pytest.raises(TypeError, match="never written down"):
        pickle.dumps(found)
    other = read(FULL, OPENAI_API_KEY="another", HOST="h.example.com")
    assert other.hash == found.hash


@pytest.mark.parametrize(
    ("old", "new"),
    [("gpt-5.4-mini", "gpt-5.4"), ("temperature = 0", "temperature = 1"), ("0.10", "0.11"), ("rpm = 60", "rpm = 61"), ('"a", ', ""),
     ("context_tokens = 1000", "context_tokens = 1001"), ("enabled = false", "enabled = true"), ("timeout_stall_s = 3", "")],
)  # fmt: skip
def test_the_hash_changes_with_what_is_registered(read, old, new):
    env = {"OPENAI_API_KEY": KEY, "HOST": "h.example.com"}
    assert read(FULL, **env).hash != read(FULL.replace(old, new), **env).hash


def test_the_hash_does_not_change_with_comments_order_of_tags_or_place(read, tmp_path):
    env = {"OPENAI_API_KEY": KEY, "HOST": "h.example.com"}
    before = read(FULL, **env)
    assert read("# hello\n\n" + FULL.replace('"a", "b"', '"b", "a"'), **env).hash == before.hash
    assert copy.deepcopy(before.fallback) == before.fallback


def test_a_provider_is_found_by_its_name_and_a_near_one_is_suggested(read):
    found = read(FULL)
    assert found.get("mine").provider.name == "mine"
    with pytest.raises(WrongUse, match=r"no provider is called 'mime'; did you mean 'mine'\?"):
        found.get("mime")
    with pytest.raises(WrongUse, match="none is registered"):
        registry.empty().get("x")


def test_the_empty_registry_has_no_entries():
    assert registry.empty().entries == ()
    assert registry.empty().path == Path("providers.toml")


def test_an_embedding_model_without_a_prefix_is_of_the_providers_own_kind(read):
    [entry] = read(one('model = "mistral/mistral-large-latest"\nembedding_model = "mistral-embed"')).entries
    assert entry.provider.embedding_model == "mistral/mistral-embed"
    assert entry.provider.embedding_prices.input > 0
    [entry] = read(one('model = "openai/m"\nembedding_model = "${UNSET}"')).entries
    assert (entry.missing, entry.provider.embedding_model) == (("UNSET",), "${UNSET}")


def test_an_embedding_model_has_its_own_price_or_the_catalogues(read):
    text = one('model = "openai/m"\nembedding_model = "openai/text-embedding-3-small"')
    tables, own = read(text), read(text + "\nembedding_price = 0.5")
    assert tables.entries[0].provider.embedding_prices.input == 2e-8
    assert own.entries[0].provider.embedding_prices == own_prices(Prices(input=5e-7, output=0.0))
    assert tables.hash != own.hash
