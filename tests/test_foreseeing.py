"""What judging will take, before anything is sent; and who may judge whom."""

from pathlib import Path

import pytest

from harness import engine, registry
from harness.ask import Case, Criterion, Prompt, Suite
from harness.bench import Bench
from harness.errors import WrongUse
from harness.foreseeing import foresee

REGISTRY = """
[[providers]]
name = "gpt"
model = "openai/gpt-x"
api_key = "${KEY}"
max_output_tokens = 100
prices = {input = 1, output = 1}
[[providers]]
name = "claude"
model = "anthropic/claude-x"
api_key = "${KEY}"
judge = true
max_output_tokens = 100
prices = {input = 2, output = 4}
embedding_model = "openai/text-embedding-3-small"
[[providers]]
name = "unready"
model = "openai/qwen-x"
api_key = "${OTHER}"
judge = "only"
prices = {input = 2, output = 4}
[[providers]]
name = "qwen"
model = "openai/qwen-y"
api_key = "${KEY}"
judge = "only"
[[providers]]
name = "sim"
simulated = "swift"
model = "openai/sim"
max_output_tokens = 100
"""


@pytest.fixture
def bench(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(REGISTRY)
    return Bench(registry.load(file, {"KEY": "x" * 20}), registry.Catalogue.load())


def plan(bench, names, *options, scorer="judge", expect="4", extract=()):
    providers = [bench.priced(bench.registry.get(name).provider) for name in names]
    prompt = Prompt(({"role": "user", "content": "2 + 2?"},))
    criteria = tuple(Criterion(scorer, one, extract=extract) for one in options)
    suite = Suite(
        "sums", (Case("a", prompt, "x", criteria, expect),), Path("sums.yaml"), params={"max_tokens": 10}, repeat=3
    )
    return engine.Plan((suite,), tuple(providers))


def foreseen(bench, *words, **more):
    return {
        one.judge: (one.questions, one.about_usd) for one in foresee(plan(bench, *words, **more), lambda _: 100, bench)
    }


def test_each_repeat_of_each_provider_leads_to_a_question(bench):
    found = foreseen(bench, ["gpt"], {})
    assert found.keys() == {"claude"}
    questions, usd = found["claude"]
    assert questions == 3
    assert usd > 3 * (1024 * 4e-6 + 10 * 2e-6)


def test_what_is_not_ready_is_passed_over_and_an_unknown_price_stays_unknown(bench):
    assert foreseen(bench, ["claude"], {"rubric": "x"}) == {"qwen": (3, None)}


def test_a_comparison_has_two_questions_and_the_baseline_none(bench):
    found = foreseen(bench, ["gpt", "claude"], {"pairwise": True, "against": "claude", "judges": ["qwen"]})
    assert found == {"qwen": (6, None)}


def test_a_part_that_is_extracted_is_asked_about_too(bench):
    assert foreseen(bench, ["gpt"], {}, extract=("fence",))["claude"][0] == 3


def test_who_embeds_is_asked_once_a_reply_and_writes_nothing(bench):
    found = foreseen(bench, ["gpt"], {}, scorer="similarity")
    assert found["claude"][0] == 3
    assert 0 < found["claude"][1] < 1e-4


def test_a_judge_of_the_same_family_is_passed_over_or_refused(bench):
    assert foreseen(bench, ["gpt"], {"judges": ["gpt", "claude"]}).keys() == {"claude"}
    with pytest.raises(WrongUse, match=r"gpt would be judged by its own family \(openai\): gpt"):
        foreseen(bench, ["gpt"], {"judges": ["gpt"]})
    assert foreseen(bench, ["gpt"], {"judges": ["gpt"], "same_family": True}).keys() == {"gpt"}


def test_simulated_replies_are_judged_by_simulated_judges_only(bench):
    with pytest.raises(WrongUse, match="no simulated provider is a judge"):
        foreseen(bench, ["sim"], {"judges": ["claude"]})


def test_who_is_not_ready_is_said(bench):
    with pytest.raises(WrongUse, match="nobody who may judge is ready: unready: OTHER is not set"):
        foreseen(bench, ["gpt"], {"judges": ["unready"]})


def test_without_anybody_who_embeds_it_is_said(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(REGISTRY.replace("embedding_model", "# "))
    bench = Bench(registry.load(file, {"KEY": "x" * 20}), registry.Catalogue.load())
    with pytest.raises(WrongUse, match="similarity needs a provider that embeds"):
        foreseen(bench, ["gpt"], {}, scorer="similarity")


def test_without_a_criterion_that_asks_nothing_is_foreseen(bench):
    assert foreseen(bench, ["gpt"], {}, scorer="exact") == {}


def test_who_only_judges_takes_no_part_unless_named(bench):
    known = bench.registry
    assert [one.name for one in registry.participants(known, (), simulated=False)] == ["gpt", "claude"]
    assert [one.name for one in registry.participants(known, ("qwen",), simulated=False)] == ["qwen"]
