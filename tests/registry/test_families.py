"""Whose models are kin, told by their names."""

import pytest

from harness.ask import Provider
from harness.registry import families_of


@pytest.mark.parametrize(
    ("model", "families"),
    [
        ("openai/gpt-5.4-mini", {"openai"}),
        ("azure/my-deployment", {"openai"}),
        ("openai/o3", {"openai"}),
        ("anthropic/claude-sonnet-4-5", {"anthropic"}),
        ("gemini/gemini-2.5-pro", {"google"}),
        ("together_ai/google/gemma-3-27b-it", {"google"}),
        ("groq/llama-3.3-70b-versatile", {"meta"}),
        ("together_ai/deepseek-ai/DeepSeek-R1-Distill-Llama-70B", {"deepseek", "meta"}),
        ("ollama_chat/qwen3:8b", {"alibaba"}),
        ("cohere/command-r-plus", {"cohere"}),
        ("openai/my-own-finetune", {"openai"}),
        ("hosted_vllm/house-model", {"hosted_vllm"}),
    ],
)
def test_a_models_name_tells_its_family(model, families):
    assert families_of(Provider("p", model)) == families


def test_each_simulated_provider_is_its_own():
    one, other = (families_of(Provider(name, "openai/x", simulated=name)) for name in ("swift", "judge"))
    assert not one & other
