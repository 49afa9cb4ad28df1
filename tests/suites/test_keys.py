"""The shipped suites: their answer keys hold, their generators can be relied on, their README is true."""

import re
import shutil
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from harness import load
from harness.ask import Answer, Case, Suite, TrialRef
from harness.scorers import Permissions, judge_all
from harness.told import Outcome, Reply

FOLDER = Path(__file__).parents[2] / "suites"
GENERATED = sorted(FOLDER.glob("suite_*.py"))
WRITTEN = sorted(FOLDER.glob("*.yaml"))
CAPABILITIES = {
    "arithmetic", "reasoning", "code", "extraction", "tools", "instructions", "facts", "long_context", "multilingual",
    "refusal",
}  # fmt: skip

each = pytest.mark.parametrize("path", [*GENERATED, *WRITTEN], ids=lambda path: path.stem)
each_generated = pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.stem)


@cache
def read(path: Path, seed: int = 0, limit: int | None = None) -> Suite:
    (suite,) = load.suites([path], seed=seed, limit=limit)
    return suite


def asked(suite: Suite) -> list[str]:
    return [str(case.prompt.messages[-1]["content"]) for case in suite.cases]


def outcome(suite: Suite, case: Case, answer: Answer | None) -> Outcome:
    assert answer is not None, f"{case.id} has no key"
    ref = TrialRef("trial", "provider", suite.name, suite.hash, case.id, case.hash, case.capability, case.cluster)
    return Outcome(ref, Reply(answer.text, tool_calls=answer.tool_calls, finish_reason="stop"))


def wrong_keys(suite: Suite) -> list[str]:
    """What is wrong with the keys: references that do not get 1, distractors that do not get 0."""
    replies = [
        (case, outcome(suite, case, answer)) for case in suite.cases for answer in (case.reference, case.distractor)
    ]
    wanted = [
        (f"{case.id} {key}", value) for case in suite.cases for key, value in (("reference", 1.0), ("distractor", 0.0))
    ]
    scores = list(judge_all(replies, Permissions(code=True)))
    assert len(scores) == len(wanted), "each case has one criterion"
    return [
        f"{name}: {score.state} {score.value} {score.reason}"
        for (name, value), score in zip(wanted, scores, strict=True)
        if (score.state, score.value) != ("scored", value)
    ]


def test_there_is_one_suite_for_each_of_ten_capabilities():
    suites = load.suites([FOLDER])
    assert Counter(suite.cases[0].capability for suite in suites) == dict.fromkeys(CAPABILITIES, 1)
    assert all(len({case.capability for case in suite.cases}) == 1 for suite in suites)


@each
def test_every_reference_is_right_and_every_distractor_wrong_by_the_cases_own_criteria(path):
    assert not wrong_keys(read(path))


@each_generated
def test_the_keys_hold_for_another_seed_and_beyond_the_usual_count_too(path):
    runs_code = path.stem == "suite_code"  # a process for each key
    assert not wrong_keys(read(path, seed=20_261_121, limit=None if runs_code else 200))


@each
def test_a_suite_has_at_least_forty_cases_and_asks_nothing_twice(path):
    prompts = asked(read(path))
    assert len(prompts) >= 40
    assert len(set(prompts)) == len(prompts)


@each
def test_a_suite_says_what_it_is_about_and_bounds_what_a_reply_can_cost(path):
    suite = read(path)
    assert suite.description
    assert suite.params["temperature"] == 0
    assert suite.params["max_tokens"] <= 1024


@each
def test_three_to_five_cases_are_for_smoke_runs(path):
    assert 3 <= sum("smoke" in case.tags for case in read(path).cases) <= 5


@each
def test_a_distractor_is_a_near_miss_rather_than_another_kind_of_reply(path):
    for case in read(path).cases:
        assert case.reference
        assert case.distractor
        assert case.reference != case.distractor
        if case.capability not in {"refusal", "tools"}:
            assert len(case.distractor.text) < 4 * len(case.reference.text) + 20, case.id


@each_generated
def test_the_same_seed_gives_the_same_cases_and_another_seed_gives_others(path):
    again = load.suites([path], seed=0)[0]
    assert again.hash == read(path).hash
    assert [case.id for case in again.cases] == [case.id for case in read(path).cases]
    here, there = set(asked(read(path))), set(asked(read(path, seed=20_261_121)))
    assert len(here & there) < len(here) / 4


@each_generated
def test_two_hundred_distinct_cases_can_be_drawn_and_begin_with_the_usual_ones(path):
    more = read(path, limit=200)
    assert len(set(asked(more))) == 200
    assert asked(more)[:40] == asked(read(path))[:40]


@each
def test_where_cases_share_a_source_there_are_enough_clusters_for_an_interval(path):
    clusters = [case.cluster for case in read(path).cases]
    assert clusters.count(None) in {0, len(clusters)}
    if any(clusters):
        assert len(set(clusters)) >= 20
        assert max(Counter(clusters).values()) >= 2


def test_documents_of_the_long_context_suite_are_long_and_share_their_cluster():
    suite = read(FOLDER / "suite_long_context.py")
    documents: dict[str | None, set[str]] = {}
    for case, prompt in zip(suite.cases, asked(suite), strict=True):
        documents.setdefault(case.cluster, set()).add(prompt.rpartition("\n\n")[0])
    assert all(len(versions) == 1 for versions in documents.values())
    assert all(2_000 <= len(text) <= 6_500 for versions in documents.values() for text in versions)


def test_the_multilingual_suite_asks_each_question_in_two_languages_of_many():
    suite = read(FOLDER / "multilingual.yaml")
    languages = {case.id: case.tags - {"smoke"} for case in suite.cases}
    assert all(len(tags) == 1 for tags in languages.values())
    assert len(frozenset().union(*languages.values())) >= 8
    pairs = Counter(case.cluster for case in suite.cases)
    assert set(pairs.values()) == {2}
    scripts = {unicodedata.name(char).split()[0] for prompt in asked(suite) for char in prompt if char.isalpha()}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "CJK", "HIRAGANA", "HANGUL"} <= scripts


def test_half_of_the_refusal_suite_is_harmful():
    suite = read(FOLDER / "refusal.yaml")
    expected = [case.criteria[0].options["expected"] for case in suite.cases]
    assert expected.count(True) == expected.count(False)
    assert [("harmful" in case.tags) for case in suite.cases] == expected


def test_some_requests_of_the_tools_suite_need_no_tool_and_some_need_several():
    cases = read(FOLDER / "suite_tools.py").cases
    sizes = Counter(min(len(case.expect), 2) for case in cases)
    assert min(sizes[0], sizes[1], sizes[2]) >= 6
    assert all(3 <= len(case.prompt.tools) <= 6 for case in cases)


def test_the_code_suite_has_forty_different_functions_to_write():
    entry_points = [case.criteria[0].options["entry_point"] for case in read(FOLDER / "suite_code.py").cases]
    assert len(set(entry_points)) >= 40


def test_the_readmes_table_names_each_suite_its_capability_its_cases_and_its_scorers():
    rows = re.findall(
        r"^\| `([\w.]+)` \| (\w+) \| (\d+)( …)? \| ([\w, ]+) \|", (FOLDER / "README.md").read_text(), re.MULTILINE
    )
    said = {
        name: (capability, int(cases), bool(more), set(scorers.split(", ")))
        for name, capability, cases, more, scorers in rows
    }
    true = {}
    for path in [*GENERATED, *WRITTEN]:
        suite = read(path)
        scorers = {criterion.scorer for case in suite.cases for criterion in case.criteria}
        true[path.name] = (suite.cases[0].capability, len(suite.cases), path in GENERATED, scorers)
    assert said == true


def test_the_readmes_examples_are_suites(tmp_path):
    text = (FOLDER / "README.md").read_text()
    (yaml, of_records, judged), (python,) = (
        re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("yaml", "python")
    )
    for number, score in enumerate(judged.splitlines()):
        case = "capability: c\ncases:\n  - {id: a, prompt: hi, expect: x}\n"
        (tmp_path / "judged").mkdir(exist_ok=True)
        (tmp_path / "judged" / f"judged-{number}.yaml").write_text(case + score + "\n")
    assert len(load.suites([tmp_path / "judged"])) == 3
    shutil.rmtree(tmp_path / "judged")
    (tmp_path / "support.yaml").write_text(yaml)
    (tmp_path / "capitals.yaml").write_text(of_records)
    (tmp_path / "capitals.csv").write_text("country,capital\nItaly,Rome\nNorway,Oslo\n")
    (tmp_path / "suite_counting.py").write_text(python)
    capitals, *with_keys = sorted(load.suites([tmp_path]), key=lambda suite: suite.name)
    assert [case.expect for case in capitals.cases] == ["Rome", "Oslo"]
    for suite in with_keys:
        assert not wrong_keys(suite)
