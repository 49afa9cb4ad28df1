import pytest

from harness import load
from harness.errors import BadInput, ExitCode, NothingSelected, WrongUse

GOOD = "capability: c\nscore: exact\ncases:\n  - {id: a, prompt: hi, expect: x}\n  - {id: b, prompt: ho, expect: y}\n"
PYTHON = """
capability = "c"
score = "exact"


def cases(rng):
    for number in range(3):
        yield {"id": f"n{number}", "prompt": "hi", "expect": str(rng.random())}
"""


def test_a_folder_is_searched_at_any_depth_and_hidden_and_other_files_are_left_alone(desk):
    desk.write("b.yaml", GOOD)
    desk.write("deep/er/a.yml", GOOD)
    desk.write("suite_c.py", PYTHON)
    desk.write("words.py", "1 / 0")
    desk.write("notes.txt", "hello")
    desk.write(".hidden/d.yaml", "nonsense: [")
    desk.write(".e.yaml", "nonsense: [")
    assert [suite.name for suite in load.suites([desk.folder])] == ["b", "a", "c"]


def test_a_file_named_twice_is_one_suite(desk):
    path = desk.write("b.yaml", GOOD)
    (suite,) = load.suites([path, desk.folder, desk.folder / "." / "b.yaml"])
    assert suite.path == path


def test_suites_come_in_the_order_in_which_their_paths_are_given(desk):
    paths = [desk.write("b.yaml", GOOD), desk.write("a.yaml", GOOD)]
    assert [suite.name for suite in load.suites(paths)] == ["b", "a"]


def test_a_limit_takes_the_first_cases_of_each_suite(desk):
    desk.write("b.yaml", GOOD)
    desk.write("suite_c.py", PYTHON)
    suites = load.suites([desk.folder], limit=1)
    assert [[case.id for case in suite.cases] for suite in suites] == [["a"], ["n0"]]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_wrong_use(desk, limit):
    with pytest.raises(WrongUse, match=f"--limit {limit} leaves no case; give 1 or more"):
        load.suites([desk.folder], limit=limit)


def test_no_suite_at_all_is_nothing_selected(desk):
    with pytest.raises(NothingSelected) as caught:
        load.suites([desk.folder])
    assert str(caught.value) == f"no suites in {desk.folder}; a suite is a file *.yaml, *.yml or suite_*.py"
    with pytest.raises(NothingSelected, match="no suites in the paths given"):
        load.suites([])


def test_a_path_that_is_no_suite_is_said(desk):
    missing, other = desk.folder / "x.yaml", desk.write("notes.txt", "hello")
    assert desk.complaints(missing, other) == [
        "notes.txt: is not a suite → a suite is a file *.yaml, *.yml or suite_*.py",
        "x.yaml: there is no such file or folder",
    ]


def test_two_files_of_one_suite_name_are_said_with_both(desk):
    desk.write("c.yaml", GOOD)
    desk.write("suite_c.py", PYTHON)
    desk.write("deep/c.yml", GOOD)
    assert desk.complaints() == [
        "deep/c.yml: the suite name 'c' is taken by c.yaml → rename one of the files",
        "suite_c.py: the suite name 'c' is taken by c.yaml → rename one of the files",
    ]


def test_every_problem_of_every_file_is_said_in_the_order_of_the_lines(desk):
    desk.write(
        "a.yaml", "capability: c\nscroe: exact\ncases:\n  - {id: a, promt: hi}\n  - {id: a, prompt: hi, tag: x}\n"
    )
    desk.write("b.yaml", "cases: [\n")
    desk.write("suite_c.py", "def cases(rng)\n    yield 1\n")
    desk.write("d.yaml", GOOD)
    with pytest.raises(BadInput) as caught:
        load.suites([desk.folder])
    assert caught.value.exit_code is ExitCode.WRONG_USE
    assert [(problem.file.name, problem.line) for problem in caught.value.problems] == [
        ("a.yaml", 2),
        ("a.yaml", 4),
        ("a.yaml", 5),
        ("a.yaml", 5),
        ("b.yaml", 2),
        ("suite_c.py", 1),
    ]
