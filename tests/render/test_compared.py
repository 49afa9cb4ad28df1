from dataclasses import replace

from harness.judged import Comparison, Estimate
from harness.render import compared

WORSE = Comparison(
    "swift", "math", "math", "quality", simulated=True, verdict="regressed", why="worse by more than the tolerance", base=0.9, new=0.5,
    change=Estimate(-0.4, 40, -0.55, -0.25), p=0.001, p_adjusted=0.012, n_pairs=40,
)  # fmt: skip
FASTER = replace(
    WORSE,
    measure="latency",
    verdict="improved",
    base=1.25,
    new=0.5,
    change=Estimate(0.4, 40, 0.3, 0.5),
    p_adjusted=1e-9,
)
DEARER = replace(WORSE, measure="cost", base=0.0012, new=0.0024, change=Estimate(2.0, 3))
SAME = replace(WORSE, measure="reliability", verdict="equal", change=Estimate(0.0, 40, -0.01, 0.01))
OPEN = [replace(WORSE, measure="ttft", verdict="undecided", n_needed=needed) for needed in (20, 40, 1200)]
GONE = [
    replace(WORSE, suite="tools", capability="tools", measure=measure, verdict="missing", why="NEW did not ask for it")
    for measure in ("quality", "reliability", "ttft", "latency", "cost", "tokens")
]
UNKNOWN = replace(WORSE, measure="cost", verdict="invalid", why="no case has a known cost in either run", n_pairs=0)


def test_the_sentence_names_what_is_worse_first():
    assert compared.verdict([WORSE, *GONE, SAME, *OPEN], "run-2") == (
        "run-2 is worse: 1 cell regressed and 6 cells of BASE are missing; of 11 cells 1 equal, 3 undecided."
    )
    assert compared.verdict(GONE[:1], "run-2") == "run-2 is worse: 1 cell of BASE is missing."


def test_without_a_regression_it_says_what_is_not_known():
    said = compared.verdict([SAME, *OPEN, FASTER], "run-2")
    assert said == "Nothing is known to be worse in run-2: of 5 cells 1 improved, 1 equal, 3 undecided."


def test_what_changed_is_shown_in_full():
    worse, better, _counts = compared.changed([WORSE, DEARER, FASTER, SAME])
    assert (worse.title, better.title) == ("Regressed (simulated)", "Improved (simulated)")
    assert worse.rows == (
        ("swift", "math", "quality", "90 % → 50 %", "-40 (-55…-25)", "0.012", "40"),
        ("swift", "math", "cost", "$0.00120 → $0.00240", "+100 %", "0.012", "40"),
    )
    assert better.rows == (("swift", "math", "latency", "1.25 s → 500 ms", "-60 % (-70…-50)", "<0.001", "40"),)


def test_what_is_missing_as_a_whole_is_one_row():
    partly = replace(GONE[0], suite="math", capability="math", why="none of its 40 cases has a judged answer in NEW")
    missing, _counts = compared.changed([*GONE, partly])
    assert missing.rows == (
        ("swift", "tools", "everything", "NEW did not ask for it"),
        ("swift", "math", "quality", "none of its 40 cases has a judged answer in NEW"),
    )


def test_all_cells_are_counted_with_what_would_decide_the_undecided():
    (counts,) = compared.changed([replace(one, simulated=False) for one in (SAME, *OPEN)])
    assert counts.title == "Cells by verdict"
    assert counts.head == (
        "measure", "regressed", "missing", "improved", "equal", "undecided", "not comparable", "more",
    )  # fmt: skip
    assert counts.rows[1] == ("answered", "0", "0", "0", "1", "0", "0", "–")
    assert counts.rows[2] == ("TTFT", "0", "0", "0", "0", "3", "0", "40")


def test_what_is_not_comparable_is_named_with_its_reason():
    others = [replace(UNKNOWN, suite=name, capability=name) for name in ("a", "b", "c", "d")]
    assert compared.gaps([UNKNOWN, *others, SAME]) == [
        "not comparable: swift on math (cost), swift on a (cost), swift on b (cost) and 2 more: no case has a known cost in either run"
    ]


def test_cases_that_did_not_pair_are_counted_and_named():
    some = replace(SAME, n_missing=1, n_added=2, unpaired=("s::a", "s::b", "s::c"))
    assert compared.gaps([some]) == [
        "answered: 1 case in BASE only and 2 cases in NEW only, so they do not pair: s::a, s::b, s::c"
    ]


def test_a_cell_without_figures_has_dashes():
    table, _counts = compared.changed([replace(WORSE, base=None, new=None, change=None)])
    assert table.rows[0][3:5] == ("– → –", "–")
