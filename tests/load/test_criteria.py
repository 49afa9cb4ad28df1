import pytest

from harness.ask import Criterion


def test_a_name_alone_is_a_scorer_without_options(desk):
    assert desk.case("prompt: hi\nexpect: x\nscore: exact").criteria == (Criterion("exact"),)


@pytest.mark.parametrize(
    ("score", "criteria"),
    [
        ("{number: {tolerance: 0.5}}", (Criterion("number", {"tolerance": 0.5}),)),
        ("{number: }", (Criterion("number"),)),
        ("{exact: {ignore_case: true}, weight: 2, not: true}", (Criterion("exact", {"ignore_case": True}, 2.0, True),)),
        ("[exact, {number: {}}]", (Criterion("exact"), Criterion("number"))),
    ],
)
def test_the_forms_of_score(desk, score, criteria):
    expect = "x" if "number" not in score else "3"
    assert desk.case(f"prompt: hi\nexpect: '{expect}'\nscore: {score}").criteria == criteria


def test_the_score_of_a_case_overrides_that_of_the_suite(desk):
    suite = desk.suite(
        "s.yaml",
        """
        capability: c
        score: {exact: {ignore_case: true}}
        cases:
          - {id: a, prompt: hi, expect: x}
          - {id: b, prompt: hi, expect: 3, score: number}
        """,
    )
    assert [case.criteria for case in suite.cases] == [
        (Criterion("exact", {"ignore_case": True}),),
        (Criterion("number"),),
    ]


@pytest.mark.parametrize(
    ("score", "complaint"),
    [
        ("exakt", "there is no scorer 'exakt'; did you mean 'exact'?"),
        ("{exakt: {}}", "there is no scorer 'exakt'; did you mean 'exact'?"),
        ("3", "a scorer is a name or a mapping → exact, or {number: {tolerance: 0.5}}"),
        ("{number: 0.5}", "the options of number are not a mapping → {number: {option: value}}"),
        ("{number: {tolerence: 1}}", "number has no option 'tolerence'; did you mean 'tolerance'?"),
        ("{exact: {}, number: {}}", "exact and number stand in one item → write a list, one item for each scorer"),
        ("{exact: {}, weight: 0}", "weight: 0 is not a number above 0 → weight: 2"),
        ("{exact: {}, weight: true}", "weight: True is not a number above 0 → weight: 2"),
        ("{exact: {}, not: 1}", "not: 1 is neither true nor false → not: true"),
        ("{exact: {}, wieght: 2}", "unknown key 'wieght' beside a scorer → did you mean 'weight'?; an option stands under its scorer: {exact: {wieght: …}}"),
        ("{a: {}, b: {}}", ["unknown key 'a' beside a scorer → known: extract, not, weight", "unknown key 'b' beside a scorer → known: extract, not, weight"]),
    ],
)  # fmt: skip
def test_a_score_that_is_wrong_is_said_at_its_line(desk, score, complaint):
    text = f"capability: c\ncases:\n  - id: a\n    prompt: hi\n    expect: '3'\n    score: {score}\n"
    wanted = [complaint] if isinstance(complaint, str) else complaint
    assert desk.complaints_about("s.yaml", text) == [f"s.yaml:6: {one}" for one in wanted]


def test_a_score_without_a_scorer_lists_the_scorers(desk):
    for score, start in [("[]", "`score` is an empty list → name a scorer: "), ("{weight: 2}", "no scorer is named → known: ")]:  # fmt: skip
        text = f"capability: c\ncases:\n  - {{id: a, prompt: hi, expect: x, score: {score}}}\n"
        (said,) = desk.complaints_about("s.yaml", text)
        assert said.startswith(f"s.yaml:3: {start}")
        assert "exact, f1, json, judge, latency, math, number" in said


def test_each_item_of_a_list_is_said_at_its_own_line(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capability: c
        cases:
          - id: a
            prompt: hi
            expect: "3"
            score:
              - exact
              - number: {tolerance: big}
              - exact: {}
                weight: -1
              - regx
        """,
    )
    assert [one.split(" ")[0] for one in said] == ["s.yaml:8:", "s.yaml:10:", "s.yaml:11:"]


def test_what_fits_no_case_is_said_once_at_the_suites_score(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capability: c
        score:
          - number: {tolerence: 1}
        cases:
          - {id: a, prompt: hi, expect: 3}
          - {id: b, prompt: hi, expect: 4}
          - {id: c, prompt: hi, expect: x, score: exact}
        """,
    )
    assert said == ["s.yaml:3: number has no option 'tolerence'; did you mean 'tolerance'?"]


def test_what_does_not_fit_one_case_is_said_at_that_case(desk):
    said = desk.complaints_about(
        "s.yaml",
        """
        capability: c
        score: number
        cases:
          - {id: a, prompt: hi, expect: 3}
          - id: b
            prompt: hi
          - id: c
            prompt: hi
            expect: many
        """,
    )
    assert [one.split(" ")[0] for one in said] == ["s.yaml:5:", "s.yaml:9:"]
    assert all("number: 'expect' must be" in one for one in said)


def test_several_extractors_may_read_one_reply(desk):
    suite = desk.suite(
        "s.yaml",
        """
        capability: c
        score:
          - {number: {}, extract: boxed}
          - {number: {}, extract: [marked, last_line], weight: 2}
        cases:
          - {id: a, prompt: hi, expect: 3}
        """,
    )
    (case,) = suite.cases
    assert [one.extract for one in case.criteria] == [("boxed",), ("marked", "last_line")]
    assert case.reference is None


@pytest.mark.parametrize(
    ("extract", "says"),
    [
        (
            "3",
            "extract: 3 names no part of a reply → one or several of all, boxed, fence, first_line, last_line, marked",
        ),
        ("[]", "extract: [] names no part of a reply"),
        ("box", "exact: there is no part 'box' to extract; did you mean 'boxed'?"),
    ],
)
def test_a_part_that_there_is_not_is_said_at_its_line(desk, extract, says):
    text = f"capability: c\ncases:\n  - {{id: a, prompt: hi, expect: x, score: {{exact: {{}}, extract: {extract}}}}}\n"
    (said,) = desk.complaints_about("s.yaml", text)
    assert said.startswith("s.yaml:3: ")
    assert says in said
