"""Whose a bare model name is: told where it is plain, asked back where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import registry
from harness.errors import WrongUse

TOLD = {
    "gpt-4o-mini": "openai/gpt-4o-mini",
    "gpt-5.4-mini": "openai/gpt-5.4-mini",
    "gpt-99-ultra": "openai/gpt-99-ultra",
    "chatgpt-next": "openai/chatgpt-next",
    "o3": "openai/o3",
    "o9-mini": "openai/o9-mini",
    "ft:gpt-4o-2024-08-06:me::abc": "openai/ft:gpt-4o-2024-08-06:me::abc",
    "text-embedding-3-small": "openai/text-embedding-3-small",
    "gpt-35-turbo": "azure/gpt-35-turbo",
    "claude-haiku-5-5": "anthropic/claude-haiku-5-5",
    "claude-99-opus": "anthropic/claude-99-opus",
    "gemini-3.8-flash": "gemini/gemini-3.8-flash",
    "gemini-2.5-flash": "gemini/gemini-2.5-flash",
    "gemini-99": "gemini/gemini-99",
    "command-a-03-2025": "cohere/command-a-03-2025",
    "command-zz": "cohere/command-zz",
    "embed-v4.0": "cohere/embed-v4.0",
    "llama3": "ollama_chat/llama3",
    "llama3.2": "ollama_chat/llama3.2",
    "llama3.2:3b": "ollama_chat/llama3.2:3b",
    "mistral": "ollama_chat/mistral",
    "qwen3": "ollama_chat/qwen3",
    "gpt-oss:20b": "ollama_chat/gpt-oss:20b",
    "llama-3.3-70b-versatile": "groq/llama-3.3-70b-versatile",
    "llama-3.1-8b-instant": "groq/llama-3.1-8b-instant",
    "GLM-5.3-Flash": "together_ai/zai-org/GLM-5.3-Flash",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo": "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "ibm-granite/granite-3.3-8b-instruct": "replicate/ibm-granite/granite-3.3-8b-instruct",
    f"me/mine:{'0a' * 32}": f"replicate/me/mine:{'0a' * 32}",
}
ASKED = {
    "gpt-oss-120b": ["groq/openai/gpt-oss-120b", "together_ai/openai/gpt-oss-120b", "replicate/openai/gpt-oss-120b"],
    "claude-4.5-haiku": ["anthropic/claude-4.5-haiku", "replicate/anthropic/claude-4.5-haiku"],
    "deepseek-r1": ["replicate/deepseek-ai/deepseek-r1", "ollama_chat/deepseek-r1"],
    "llama-9-70b": [
        "groq/llama-9-70b",
        "together_ai/llama-9-70b",
        "huggingface/llama-9-70b",
        "ollama_chat/llama-9-70b",
    ],
    "Qwen/Qwen9": ["together_ai/Qwen/Qwen9", "replicate/Qwen/Qwen9", "huggingface/Qwen/Qwen9"],
    "mistral-large-latest": ["mistral/mistral-large-latest", "azure_ai/mistral-large-latest"],
}


@pytest.mark.parametrize(("bare", "full"), TOLD.items())
def test_a_plain_name_is_told(catalogue, bare, full):
    assert registry.detect(bare, catalogue) == full


@pytest.mark.parametrize(("bare", "candidates"), ASKED.items())
def test_a_name_that_several_serve_is_asked_back_with_the_candidates(catalogue, bare, candidates):
    with pytest.raises(WrongUse, match=f"^several providers serve '{bare}'") as caught:
        registry.detect(bare, catalogue)
    shown = str(caught.value).partition("write which: ")[2].split(", ")
    assert set(candidates) <= set(shown)


@pytest.mark.parametrize("bare", ["zzz", "my-model", "", "x"])
def test_a_name_that_nobody_knows_says_how_to_write_it(catalogue, bare):
    with pytest.raises(WrongUse, match="cannot be told from its name\nwrite provider/model"):
        registry.detect(bare, catalogue)


@pytest.mark.parametrize(
    "full",
    [
        "openai/anything",
        "mistral/x",
        "bedrock/a.b-c",
        "huggingface/a/b",
        "ollama/llama3",
        "hosted_vllm/m",
        "vertex_ai/x",
        "azure/d",
    ],
)
def test_a_name_with_a_prefix_of_litellms_stays_as_it_is(catalogue, full):
    assert registry.detect(full, catalogue) == full


def test_more_candidates_than_one_reads_are_cut(catalogue):
    crowded = registry.Catalogue({f"{kind}/same": {"litellm_provider": kind} for kind in "abcdefgh"}, "id")
    with pytest.raises(WrongUse, match=r"a/same, b/same, c/same, d/same, e/same, f/same, …$"):
        registry.detect("same", crowded)


def test_every_bare_chat_model_of_the_promised_providers_in_the_table_is_told(catalogue):
    meant = {"cohere_chat": "cohere", "text-completion-openai": "openai"}
    checked = 0
    for name, row in catalogue.table.items():
        kind = meant.get(row.get("litellm_provider"), row.get("litellm_provider"))
        if "/" not in name and kind in registry.PROMISED:
            assert registry.detect(name, catalogue) == f"{kind}/{name}"
            checked += 1
    assert checked > 150


@given(st.text(max_size=12))
def test_any_text_is_told_with_a_prefix_or_refused(text):
    small = registry.Catalogue(
        {"gpt-x": {"litellm_provider": "openai"}, "groq/a/b": {"litellm_provider": "groq"}}, "id"
    )
    try:
        full = registry.detect(text, small)
    except WrongUse:
        return
    assert full.endswith(text) or full.lower().endswith(text.lower())
    assert "/" in full
