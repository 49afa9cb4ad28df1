import random
import sys

import pytest

from harness import load
from harness.ask import Answer, Criterion
from harness.errors import Problem
from harness.load.python_suite import read_python_suite

HEAD = 'capability = "c"\nscore = "exact"\n'
ENDLESS = (
    HEAD
    + """
def cases(rng):
    number = 0
    while True:
        number += 1
        yield {"id": f"n{number}", "prompt": f"hi {number}", "expect": str(rng.random())}
"""
)


def ids(suite):
    return [case.id for case in suite.cases]


def test_the_names_of_the_module_are_the_suite(desk):
    suite = desk.suite(
        "suite_sums.py",
        """
        '''Sums.'''
        import itertools

        description = "sums"
        capability = "arithmetic"
        tags = {"t"}
        system = "be brief"
        params = {"temperature": 0}
        repeat = 2
        score = {"number": {"tolerance": 0.5}}
        NAMES = ["own"]


        def cases(rng):
            yield {"id": "a", "prompt": "1+1?", "expect": 2, "tags": ["u"], "distractor": 3}
        """,
    )
    assert (suite.name, suite.description, suite.tags) == ("sums", "sums", {"t"})
    assert (suite.params, suite.repeat) == ({"temperature": 0}, 2)
    (case,) = suite.cases
    assert (case.capability, case.tags, case.line) == ("arithmetic", {"t", "u"}, 14)
    assert case.criteria == (Criterion("number", {"tolerance": 0.5}),)
    assert case.prompt.messages[0] == {"role": "system", "content": "be brief"}
    assert (case.reference, case.distractor) == (Answer("2"), Answer("3"))


def test_the_same_cases_are_the_same_suite_in_yaml_and_in_python(desk):
    python = desk.suite(
        "suite_a.py",
        HEAD
        + 'def cases(rng):\n    yield {"id": "a", "prompt": "hi {{x}}", "expect": "x", "tools": [{"name": "f"}]}\n',
    )
    yaml = desk.suite(
        "b.yaml",
        r"{capability: c, score: exact, cases: [{id: a, prompt: 'hi \{{x}}', expect: x, tools: [{name: f}]}]}",
    )
    assert python.hash == yaml.hash


def test_the_seed_and_the_name_decide_the_cases(desk):
    text = ENDLESS + "\ncount = 5\n"
    one, again = desk.suite("suite_a.py", text), desk.suite("suite_a.py", text)
    seeded, named = desk.suite("suite_a.py", text, seed=1), desk.suite("suite_b.py", text)
    assert one.hash == again.hash
    assert len({one.hash, seeded.hash, named.hash}) == 3
    assert one.cases[0].expect == str(random.Random("a:0").random())


def test_of_an_endless_generator_no_more_is_taken_than_count_or_limit_say(desk):
    text = ENDLESS.replace("number += 1", "number += 1\n        assert number <= 7") + "\ncount = 4\n"
    assert ids(desk.suite("suite_a.py", text)) == ["n1", "n2", "n3", "n4"]
    assert len(desk.suite("suite_a.py", text, limit=2).cases) == 2
    assert len(desk.suite("suite_a.py", text, limit=7).cases) == 7


def test_without_a_count_all_cases_are_taken(desk):
    text = (
        HEAD + 'def cases(rng):\n    return [{"id": f"n{i}", "prompt": f"hi {i}", "expect": "x"} for i in range(50)]\n'
    )
    assert len(desk.suite("suite_a.py", text).cases) == 50
    assert len(desk.suite("suite_a.py", text, limit=60).cases) == 50


def test_what_was_asked_before_is_passed_over_until_nothing_new_comes(desk):
    text = (
        HEAD
        + """
def cases(rng):
    number = 0
    while True:
        number += 1
        yield {"id": f"n{number}", "prompt": f"hi {rng.randrange(20)}", "expect": "x"}
"""
    )
    prompts = [case.prompt.messages[-1]["content"] for case in desk.suite("suite_a.py", text, limit=15).cases]
    assert len(set(prompts)) == len(prompts) == 15
    assert len(desk.suite("suite_a.py", text, limit=100).cases) == 20


def test_the_same_prompt_under_another_system_message_is_another_question(desk):
    text = (
        HEAD
        + """
def cases(rng):
    for number, system in enumerate(["be brief", "be kind", "be brief"]):
        yield {"id": f"n{number}", "prompt": "hi", "system": system, "expect": "x"}
"""
    )
    assert ids(desk.suite("suite_a.py", text, limit=9)) == ["n0", "n1"]


def test_an_endless_generator_without_a_count_is_wrong(desk):
    assert desk.complaints_about("suite_a.py", ENDLESS) == [
        "suite_a.py:4: cases() yields more than 10,000 cases → say how many are wanted: count = 40"
    ]


def test_fewer_cases_than_counted_are_wrong(desk):
    text = HEAD + 'count = 3\ndef cases(rng):\n    yield {"id": "a", "prompt": "hi", "expect": "x"}\n'
    assert desk.complaints_about("suite_a.py", text) == [
        "suite_a.py:4: count is 3, but cases() yields only 1 → say the count that there is, or none"
    ]


SIGNATURE = "def cases(rng: random.Random) -> Iterator[dict[str, Any]]"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEAD, f"1: `cases` is missing → {SIGNATURE}"),
        (HEAD + "cases = 3\n", f"3: `cases` is not a function → {SIGNATURE}"),
        (HEAD + "def cases(rng):\n    pass\n", f"3: cases() returns NoneType and yields no case → {SIGNATURE}"),
        (HEAD + "def cases(rng):\n    yield from ()\n", "3: cases() yields no case → a suite needs at least one"),
        (HEAD + "def cases():\n    yield 1\n", "3: cases() raises, after 0 cases, TypeError: cases() takes 0 positional arguments but 1 was given"),
        ("import nowhere_to_be_found\n", "1: the module raises ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def broken():\n    return 1 / 0\n\nbroken()\n", "2: the module raises ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit()\n", "2: the module raises SystemExit"),
        ("x = (\n", "1: is not Python: '(' was never closed"),
        ("x = 1\0\n", "is not Python: source code string cannot contain null bytes"),
    ],
)  # fmt: skip
def test_a_module_that_is_no_suite_is_said(desk, text, complaint):
    (said,) = desk.complaints_about("suite_a.py", text)
    assert said.removeprefix("suite_a.py:").strip().startswith(complaint)


def test_an_exception_in_cases_is_said_at_its_own_line_and_what_came_before_is_checked(desk):
    said = desk.complaints_about(
        "suite_a.py",
        HEAD
        + """
def deeper(number):
    _ = number
    raise ValueError("not today")


def cases(rng):
    yield {"id": "a", "prompt": 3, "expect": "x"}
    yield deeper(2)
""",
    )
    assert said == [
        "suite_a.py:6: cases() raises, after 1 cases, ValueError: not today",
        "suite_a.py:9: case 1 ('a'): prompt: 3 is not text",
    ]


def test_a_module_that_is_not_utf_8_is_said(desk):
    path = desk.folder / "suite_a.py"
    path.write_bytes(HEAD.encode() + b"x = 'caf\xe9'\n")
    (said,) = desk.complaints(path)
    assert said.startswith("suite_a.py")
    assert "is not Python" in said
    assert "utf-8" in said


def test_a_module_that_cannot_be_read_is_said(tmp_path):
    problems: list[Problem] = []
    assert read_python_suite(tmp_path, 0, None, problems) is None
    assert [str(problem) for problem in problems] == [f"{tmp_path}: cannot be read: Is a directory"]


def test_wrong_cases_are_said_with_their_number_at_the_line_of_cases(desk):
    said = desk.complaints_about(
        "suite_a.py",
        HEAD
        + """
def cases(rng):
    yield {"id": "a", "prompt": "hi", "expect": "x"}
    yield {"id": "b", "promtp": "hi", "expect": "x"}
    yield {"id": "c", "promtp": "hi", "expect": "x"}
    yield {"id": "a", "prompt": "hi", "expect": {1}}
    yield 17
    yield {"id": "d", "prompt": "hi"}
""",
    )
    assert [one.split(" → ")[0] for one in said] == [
        "suite_a.py:4: case 2 ('b') and 1 more: unknown key 'promtp'",
        "suite_a.py:4: case 4 ('a'): the id 'a' is taken, by case 1",
        "suite_a.py:4: case 4 ('a'): expect is wrong: input was not a valid JSON value",
        "suite_a.py:4: case 5: 17 is not a table of keys and values",
        "suite_a.py:4: case 6 ('d'): exact: 'expect' must be text or a list of texts, not None",
    ]


def test_wrong_names_are_said_at_their_own_lines(desk):
    said = desk.complaints_about(
        "suite_a.py",
        """
        from pathlib import Path as count_
        capabilty = "c"
        repeat: int = 0
        score = "exact"
        one, other = [], []
        tag = []
        NAMES = _tag = 3


        def case(rng):
            return {"id": "a", "prompt": "hi", "expect": "x"}


        def cases(rng):
            yield case(rng)
        """,
    )
    own = "names of your own are in capitals or begin with '_'"
    assert said == [
        f"suite_a.py:2: unknown name 'capabilty' → did you mean 'capability'? {own}",
        "suite_a.py:3: repeat: 0 is below 1",
        f"suite_a.py:6: unknown name 'tag' → did you mean 'tags'? {own}",
    ]


def test_what_cases_lack_is_said_of_the_first(desk):
    text = 'def cases(rng):\n    for i in "ab":\n        yield {"id": i, "prompt": "hi", "expect": "x"}\n'
    said = desk.complaints_about("suite_a.py", text)
    assert [one.split(" → ")[0] for one in said] == [
        "suite_a.py:1: case 1 ('a'): this case is not scored (like 1 more)",
        "suite_a.py:1: case 1 ('a'): this case has no capability (like 1 more)",
    ]


SIBLING = "import dataclasses\nimport words_beside\n" + HEAD + """
@dataclasses.dataclass
class Own:
    text: "str"


def cases(rng):
    import words_later
    yield {"id": "a", "prompt": Own(words_beside.WORD).text, "expect": words_later.WORD}
"""  # fmt: skip


def test_a_suite_may_import_what_lies_beside_it_and_leaves_nothing_behind(desk):
    desk.write("one/words_beside.py", "WORD = 'one'\n")
    desk.write("one/words_later.py", "WORD = 'later'\n")
    desk.write("one/suite_a.py", SIBLING)
    desk.write("two/words_beside.py", "WORD = 'two'\n")
    desk.write("two/words_later.py", "WORD = 'later'\n")
    desk.write("two/suite_b.py", SIBLING)
    desk.write("two/suite_c.py", "import words_beside\n1 / 0\n")
    paths, bytecode, modules = sys.path[:], sys.dont_write_bytecode, set(sys.modules)
    one, two = load.suites([desk.folder / "one/suite_a.py", desk.folder / "two/suite_b.py"])
    assert one.cases[0].prompt.messages[0]["content"] == "one"
    assert two.cases[0].prompt.messages[0]["content"] == "two"
    assert desk.complaints(desk.folder / "two/suite_c.py") == [
        "two/suite_c.py:2: the module raises ZeroDivisionError: division by zero"
    ]
    assert (sys.path, sys.dont_write_bytecode) == (paths, bytecode)
    assert not {name for name in set(sys.modules) - modules if "suite" in name or "words" in name}
    assert not list(desk.folder.rglob("*.pyc"))


def test_an_edited_suite_is_read_anew(desk):
    one = desk.suite("suite_a.py", HEAD + 'def cases(rng):\n    yield {"id": "a", "prompt": "hi", "expect": "x"}\n')
    two = desk.suite("suite_a.py", HEAD + 'def cases(rng):\n    yield {"id": "a", "prompt": "ho", "expect": "x"}\n')
    assert one.hash != two.hash


def test_a_python_file_named_outright_is_a_suite_whatever_its_name(desk):
    text = HEAD + 'def cases(rng):\n    yield {"id": "a", "prompt": "hi", "expect": "x"}\n'
    assert desk.suite("questions.py", text).name == "questions"
