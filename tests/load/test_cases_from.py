"""Cases made of the records of a file: fields where they are named, complaints with the file's own lines."""

import gzip

import pytest

SUITE = """
capability: capitals
score: exact
vars: {land: nowhere, please: Answer in a word.}
cases_from:
  file: FILE
  case: {id: "c-{{code}}", prompt: "Capital of {{land}}? {{please}}", expect: "{{capital}}", cluster: "{{code}}"}
"""
RECORDS = '{"code": 1, "land": "France", "capital": "Paris"}\n\n{"code": 2, "land": "Peru", "capital": ["Lima"]}\n'


def suite(desk, file, content, text=SUITE, **options):
    desk.write(file, content)
    return desk.suite("s.yaml", text.replace("FILE", file), **options)


def complaints(desk, file, content, text=SUITE):
    desk.write(file, content)
    return desk.complaints_about("s.yaml", text.replace("FILE", file))


def test_each_record_becomes_a_case_with_its_fields(desk):
    cases = suite(desk, "data.jsonl", RECORDS).cases
    assert [case.id for case in cases] == ["c-1", "c-2"]
    assert cases[0].prompt.messages[0]["content"] == "Capital of France? Answer in a word."
    assert [case.expect for case in cases] == ["Paris", ["Lima"]]
    assert [case.cluster for case in cases] == ["1", "2"]
    assert [case.line for case in cases] == [1, 3]


def test_a_table_with_a_head_is_read_too_and_spaces_in_its_names_are_underscores(desk):
    text = SUITE.replace("{{land}}", "{{The_land}}").replace('id: "c-{{code}}", ', "")
    cases = suite(
        desk, "data.csv", '\ufeffcode,The land,capital\n1,"Côte d\'Ivoire","Yamoussoukro, or Abidjan"\n', text
    ).cases
    assert [(case.id, case.expect) for case in cases] == [("00001", "Yamoussoukro, or Abidjan")]
    assert "Côte d'Ivoire" in cases[0].prompt.messages[0]["content"]


def test_cases_of_the_suite_come_first_and_the_limit_counts_all(desk):
    text = SUITE + "cases:\n  - {id: own, prompt: hi, expect: x}\n"
    assert [case.id for case in suite(desk, "data.jsonl", RECORDS, text).cases] == ["own", "c-1", "c-2"]
    assert [case.id for case in suite(desk, "data.jsonl", RECORDS, text, limit=2).cases] == ["own", "c-1"]


def test_a_compressed_file_is_read(desk):
    with gzip.open(desk.folder / "data.jsonl.gz", "wt") as file:
        file.write(RECORDS)
    assert len(desk.suite("s.yaml", SUITE.replace("FILE", "data.jsonl.gz")).cases) == 2


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("d.jsonl", '{"code": 1, "land": "x"}\n', "d.jsonl:1: undefined variable 'capital'"),
        ("d.jsonl", RECORDS + RECORDS, "d.jsonl:4: the id 'c-1' is taken, first on line 1 → give each record its own id"),
        ("d.jsonl", RECORDS + "{", "d.jsonl:4: is not JSON"),
        ("d.jsonl", "[1]\n", "d.jsonl:1: is not a record → a JSON object"),
        ("d.jsonl", '{"code": "a b", "land": "x", "capital": "y"}\n', "d.jsonl:1: "),
        ("d.csv", "code,land,capital\n1,x\n", "d.csv:2: has fewer fields than the 3 of its head"),
        ("d.csv", "code,land,capital\n1,x,y,z\n", "d.csv:2: has more fields than the 3 of its head"),
        ("d.csv", 'code,land,capital\n1,x,"y" z\n', "cannot be read: "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_said_with_its_line(desk, file, content, says):
    assert any(says in one for one in complaints(desk, file, content))


def test_a_missing_file_and_one_that_is_no_text_are_told(desk):
    assert any("cannot be read" in one for one in desk.complaints_about("s.yaml", SUITE.replace("FILE", "gone.csv")))
    for name in ("d.csv", "d.jsonl"):
        (desk.folder / name).write_bytes(b"code,land,capital\n\xff\xfe,x,y\n")
        assert any("cannot be read" in one for one in desk.complaints_about("s.yaml", SUITE.replace("FILE", name)))
