import numpy as np
import pytest

from harness import standing
from harness.errors import WrongUse
from harness.judged import Comparison
from tests.stats.tables import Table

OVERLOADED, AUTH = ("overloaded", "provider"), ("auth", "account")
CAPABILITIES = ("facts", "math", "code", "tools")


def compare(base: Table, new: Table, **tolerance: float) -> dict[tuple[str, str, str], Comparison]:
    before, after = standing.outcomes(*base.frames()), standing.outcomes(*new.frames())
    cells = standing.compare(before, after, standing.Tolerance(**tolerance))
    return {(one.provider, one.capability, one.measure): one for one in cells if not one.explained}


def cell(base, new, measure="quality", **tolerance) -> Comparison:
    return compare(base, new, **tolerance)["a", "math", measure]


def table(values, **columns) -> Table:
    made = Table()
    for number, value in enumerate(values):
        made.trial(f"c{number}", value, **columns)
    return made


def draw(rng, n: int, *, difficulty, worse: float = 0.0, slower: float = 1.0, dearer: float = 1.0, **columns) -> Table:
    """`n` cases of each capability by chance; `worse` in facts, `slower` in math, `dearer` in code."""
    made = Table()
    for capability in CAPABILITIES:
        for number in range(n):
            right = rng.random() < difficulty[capability][number] - worse * (capability == "facts")
            time = 0.5 * rng.lognormal(0, 0.3) * (slower if capability == "math" else 1.0)
            cost = 0.001 * rng.lognormal(0, 0.05) * (dearer if capability == "code" else 1.0)
            shared = {"capability": capability, "cost_usd": cost, "ttft_s": time / 2, "latency_s": time}
            lost = [OVERLOADED] if rng.random() < 0.02 else []
            made.trial(f"{capability}{number}", float(right), "failed" if lost else None, lost, **(shared | columns))
    return made


def difficulties(rng, n: int) -> dict[str, np.ndarray]:
    return {capability: rng.uniform(0.6, 1.0, n) for capability in CAPABILITIES}


def test_what_was_made_worse_slower_dearer_and_gone_is_named_and_nothing_else():
    rng = np.random.default_rng(7)
    difficulty = difficulties(rng, 150)
    base = draw(rng, 150, difficulty=difficulty)
    new = draw(rng, 150, difficulty=difficulty, worse=0.35, slower=1.4, dearer=1.3)
    for rows in (new.calls, new.scores):
        rows[:] = [row for row in rows if row["capability"] != "tools"]
    found = {place[1:]: one.verdict for place, one in compare(base, new).items()}
    assert {place for place, verdict in found.items() if verdict == "regressed"} == {
        ("facts", "quality"), ("math", "ttft"), ("math", "latency"), ("code", "cost"),
    }  # fmt: skip
    assert {place for place, verdict in found.items() if verdict == "missing"} == {
        ("tools", measure) for measure in ("quality", "reliability", "ttft", "latency", "cost", "tokens")
    }
    assert "improved" not in found.values()


def test_the_reverse_of_what_regressed_improved():
    rng = np.random.default_rng(7)
    difficulty = difficulties(rng, 150)
    new = draw(rng, 150, difficulty=difficulty)
    base = draw(rng, 150, difficulty=difficulty, worse=0.35, slower=1.4, dearer=1.3)
    found = {place[1:] for place, one in compare(base, new).items() if one.verdict == "improved"}
    assert found == {("facts", "quality"), ("math", "ttft"), ("math", "latency"), ("code", "cost")}


def test_a_run_is_equal_to_one_that_says_the_same():
    new = table([1.0, 0.0] * 100)
    found = compare(table([1.0, 0.0] * 100), new)
    assert {one.verdict for one in found.values()} == {"equal"}
    assert {one.p for one in found.values()} == {1.0}


def test_where_nothing_changed_hardly_a_cell_is_called_changed():
    verdicts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        difficulty = difficulties(rng, 60)
        found = compare(draw(rng, 60, difficulty=difficulty), draw(rng, 60, difficulty=difficulty))
        verdicts += [one.verdict for one in found.values()]
    assert len(verdicts) >= 20 * 5 * 6 - 5  # four capabilities and all of them
    assert sum(verdict in {"regressed", "improved"} for verdict in verdicts) / len(verdicts) <= 0.05
    assert "equal" in verdicts


def test_the_numbers_of_a_cell_by_hand():
    found = cell(table([1.0] * 40), table([1.0] * 20 + [0.0] * 20))
    assert (found.verdict, found.base, found.new, found.n_pairs) == ("regressed", 1.0, 0.5, 40)
    assert found.change
    assert found.change.value == -0.5
    assert found.p == pytest.approx(0.05 / 0.04 / 2**20)  # one-sided, of which 4 % is the limit
    assert found.why == "worse beyond chance, by about more than the tolerance"


def test_times_and_costs_are_ratios_of_medians_within_a_case():
    base, new = Table(), Table()
    for number in range(12):
        for repeat, latency in enumerate((1.0, 2.0, 50.0)):
            base.trial(f"c{number}", 1.0, repeat=repeat, latency_s=latency, cost_usd=0.0)
            new.trial(f"c{number}", 1.0, repeat=repeat, latency_s=latency * (1 if repeat == 2 else 1.5), cost_usd=0.0)
    found = cell(base, new, "latency")
    assert (found.verdict, found.base, found.new, found.n_pairs) == ("regressed", 2.0, 3.0, 12)
    assert found.change
    assert (found.change.low, found.change.value, found.change.high) == pytest.approx((1.5, 1.5, 1.5))
    assert cell(base, new, "latency", latency=0.6).verdict == "equal"
    free = cell(base, new, "cost")
    assert (free.verdict, free.change and free.change.value) == ("equal", 1.0)


def test_a_significant_change_within_the_tolerance_is_equal():
    base = table([1.0] * 60, latency_s=1.0)
    found = cell(base, table([1.0] * 60, latency_s=1.05), "latency")
    assert found.p_adjusted is not None
    assert found.p_adjusted < 0.001
    assert found.verdict == "equal"


def test_rows_that_do_not_count_for_latency_do_not_pair():
    base, new = table([1.0] * 10), table([1.0] * 8, saturated=False)
    new.trial("c8", 1.0, saturated=True).trial("c9", 1.0, replayed=True)
    found = cell(base, new, "latency")
    assert (found.n_pairs, found.n_missing, found.n_barred, len(found.barred)) == (8, 0, 2, 2)
    assert cell(base, new, "quality").n_missing == 0
    assert cell(base, new, "reliability").n_barred == 1


def test_repeats_make_quality_graded():
    base, new = Table(), Table()
    for number in range(30):
        for repeat in range(2):
            base.trial(f"c{number}", 1.0, repeat=repeat)
            new.trial(f"c{number}", float(repeat == 0 or number % 2 == 0), repeat=repeat)
    found = cell(base, new)
    assert (found.verdict, found.n_pairs) == ("regressed", 30)
    assert found.new == 0.75


def test_cases_of_few_clusters_weigh_less():
    base, new = [1.0] * 40, [0.0] * 10 + [1.0] * 30
    assert cell(table(base), table(new)).verdict == "regressed"
    both = [Table(), Table()]
    for made, values in zip(both, (base, new), strict=True):
        for number, value in enumerate(values):
            made.trial(f"c{number}", value, cluster=f"k{number // 10}")
    assert cell(*both).verdict == "undecided"


def test_an_undecided_cell_says_how_many_more_cases_would_decide():
    base = table([1.0] * 40)
    found = cell(base, table([1.0] * 40))
    assert (found.verdict, found.n_needed) == ("undecided", 141)  # 2.576 · √2 / (181 + 2) ≤ 0.02
    assert found.why == "the interval lies across the tolerance; about 141 more cases would decide"
    assert cell(table([1.0] * 181), table([1.0] * 181)).verdict == "equal"


def test_a_change_that_other_cells_explain_needs_more_cases():
    base, new = table([1.0] * 12), table([1.0] * 5 + [0.0] * 7)
    for number in range(40):
        for side in (base, new):
            side.trial(f"f{number}", 1.0, capability=f"p{number}")
    found = cell(base, new)
    assert found.p is not None
    assert found.p < 0.05 < (found.p_adjusted or 0)
    assert found.verdict == "undecided"
    assert found.why.startswith("beyond the tolerance, but beside the other cells chance explains it; about ")
    assert 3 < (found.n_needed or 0) < 60


def test_one_cluster_and_very_few_cases_have_no_interval():
    one_cluster = [table([1.0] * 8, cluster="k"), table([1.0] * 8, cluster="k")]
    assert (cell(*one_cluster).verdict, cell(*one_cluster).n_needed) == ("undecided", None)
    few = cell(table([1.0] * 4), table([1.0] * 4), "latency")
    assert (few.verdict, few.n_needed) == ("undecided", 2)
    assert few.why == "too few independent cases for an interval; about 2 more cases would decide"


def test_a_tolerance_of_nothing_is_never_reached_by_more_cases_alone():
    found = cell(table([1.0] * 40), table([1.0] * 40), quality=0.0)
    assert (found.verdict, found.n_needed) == ("undecided", None)


def test_a_provider_that_answers_no_more_is_unreliable_and_its_quality_missing():
    new = Table()
    for number in range(40):
        new.trial(f"c{number}", state="failed", fails=[OVERLOADED])
    base = table([1.0] * 40)
    assert cell(base, new, "reliability").verdict == "regressed"
    quality = cell(base, new)
    assert (quality.verdict, quality.n_missing) == ("missing", 40)
    assert quality.why == "none of its 40 cases has a judged answer in NEW"
    assert cell(base, new, "cost").verdict == "missing"


def test_our_own_failures_do_not_count_against_a_provider():
    new = Table()
    for number in range(40):
        new.trial(f"c{number}", state="failed", fails=[AUTH])
    found = cell(table([1.0] * 40), new, "reliability")
    assert (found.verdict, found.n_missing) == ("missing", 40)


def test_cases_that_are_in_one_run_only_are_counted_and_named():
    base, new = table([1.0] * 20), table([1.0] * 18).trial("late", 1.0)
    found = cell(base, new)
    assert (found.n_pairs, found.n_missing, found.n_added) == (18, 2, 1)
    assert found.unpaired == ("smoke::c18", "smoke::c19", "smoke::late")


def test_edited_cases_are_not_comparable():
    base, new = Table().trial("x", 1.0, case_hash="h1"), Table().trial("x", 1.0, case_hash="h2")
    found = cell(base, new)
    assert found.verdict == "invalid"
    assert found.why == "none of the 1 cases with a judged answer in BASE is among the 1 of NEW"


def test_what_only_new_has_is_not_comparable():
    found = compare(Table().trial("x", 1.0), Table().trial("x", 1.0).trial("x", 1.0, provider="b"))
    assert (found["b", "math", "cost"].verdict, found["b", "math", "cost"].why) == (
        "invalid",
        "BASE did not ask for it",
    )
    gained = cell(Table().trial("x"), Table().trial("x", 1.0))
    assert (gained.verdict, gained.why) == ("invalid", "no case has a judged answer in BASE")


def test_what_neither_run_knows_is_not_comparable():
    found = cell(table([1.0] * 9, cost_usd=None), table([1.0] * 9, cost_usd=None), "cost")
    assert (found.verdict, found.why) == ("invalid", "no case has a known cost in either run")


def test_simulated_runs_are_not_held_against_real_ones():
    made_up, real = table([1.0], simulated=True), table([1.0], provider="b")
    with pytest.raises(WrongUse, match="BASE is a run of simulated providers and NEW is one of real ones"):
        compare(made_up, real)
    assert cell(made_up, made_up).simulated


def test_a_provider_that_became_real_is_wrong_use():
    base = table([1.0]).trial("x", 1.0, provider="b", simulated=True)
    new = table([1.0]).trial("x", 1.0, provider="b")
    with pytest.raises(WrongUse, match=r"^b: simulated in one of the runs and real in the other"):
        compare(base, new)


def test_cells_are_sorted_and_gathered_ones_stand_behind():
    base = table([1.0]).trial("x", 1.0, provider="b").trial("y", 1.0, capability="facts")
    places = list(compare(base, base))
    assert [place[:2] for place in places[::6]] == [("a", "facts"), ("a", "math"), ("a", "all"), ("b", "math")]
    assert [place[2] for place in places[:6]] == ["quality", "reliability", "ttft", "latency", "cost", "tokens"]


def test_suites_with_several_capabilities_and_capabilities_in_several_suites_are_gathered():
    base = Table()
    for suite in ("one", "two"):
        for capability in ("math", "facts"):
            base.trial(f"{suite}-{capability}", 1.0, suite=suite, capability=capability)
    frame = standing.outcomes(*base.frames())
    cells = [
        (one.suite, one.capability, one.n_pairs) for one in standing.compare(frame, frame) if one.measure == "cost"
    ]
    assert cells == [
        ("one", "facts", 1), ("one", "math", 1), ("two", "facts", 1), ("two", "math", 1), ("one", "all", 2), ("two", "all", 2),
        ("all", "facts", 2), ("all", "math", 2), ("all", "all", 4),
    ]  # fmt: skip


def test_a_gathered_cell_that_says_what_a_finer_one_says_is_explained():
    base, new = Table(), Table()
    for number in range(60):
        for capability, value in (("math", 0.0), ("facts", 1.0)):
            base.trial(f"{capability}{number}", 1.0, capability=capability)
            new.trial(f"{capability}{number}", value, capability=capability)
    before, after = standing.outcomes(*base.frames()), standing.outcomes(*new.frames())
    found = {one.capability: one for one in standing.compare(before, after) if one.measure == "quality"}
    assert {name: (one.verdict, one.explained) for name, one in found.items()} == {
        "math": ("regressed", False), "facts": ("undecided", False), "all": ("regressed", True),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "barred", "why"),
    [
        ({"params_json": '{"t":1}'}, {"quality", "reliability", "ttft", "latency", "cost", "tokens"}, "asked with other parameters"),
        ({"price_id": "p2"}, {"cost"}, "counted by other prices"),
        ({"replayed": True}, {"reliability", "ttft", "latency", "cost", "tokens"}, "NEW was replayed from the cache"),
        ({"saturated": True}, {"ttft", "latency"}, "while the harness was saturated"),
    ],
)  # fmt: skip
def test_what_was_asked_or_timed_otherwise_is_not_comparable_and_no_alarm(columns, barred, why):
    before = {"params_json": '{"t":0}'}
    found = compare(table([1.0] * 200, **before), table([0.0] * 200, **(before | columns)))
    assert {place[2] for place, one in found.items() if one.verdict == "invalid"} == barred
    assert all(why in one.why for one in found.values() if one.verdict == "invalid")
    assert "missing" not in {one.verdict for one in found.values()}


def test_cases_judged_by_another_scorer_do_not_compare_in_quality():
    base, new = table([1.0] * 9), table([0.0] * 9)
    for row in new.scores:
        row["scorer"] = "contains"
    found = compare(base, new)
    assert found["a", "math", "quality"].why.startswith("it was judged by other scorers")
    assert found["a", "math", "cost"].verdict == "equal"


def test_a_change_beyond_chance_but_perhaps_within_the_tolerance_is_said_to_be_one():
    rng = np.random.default_rng(3)
    base, new = Table(), Table()
    for number in range(60):
        base.trial(f"c{number}", 1.0, latency_s=1.0)
        new.trial(f"c{number}", 1.0, latency_s=1.12 * rng.lognormal(0, 0.15))
    found = cell(base, new, "latency")
    assert (found.verdict, (found.p_adjusted or 1) < 0.05) == ("undecided", True)
    assert found.why.startswith("worse beyond chance, and perhaps by less than the tolerance; about ")


@pytest.mark.parametrize(
    ("slower", "interleaved", "apart"), [(1.12, "regressed", "undecided"), (1.5, "regressed", "regressed")]
)
def test_only_of_interleaved_runs_a_change_beyond_chance_is_enough_in_times(slower, interleaved, apart):
    rng = np.random.default_rng(3)
    base, new = Table(), Table()
    for number in range(60):
        base.trial(f"c{number}", 1.0, latency_s=1.0)
        new.trial(f"c{number}", 1.0, latency_s=slower * rng.lognormal(0, 0.15))
    before, after = standing.outcomes(*base.frames()), standing.outcomes(*new.frames())

    def verdict(*, together: bool) -> str:
        cells = standing.compare(before, after, interleaved=together)
        return next(one.verdict for one in cells if one.measure == "latency")

    assert (verdict(together=True), verdict(together=False)) == (interleaved, apart)


def test_getting_worse_is_found_sooner_than_getting_better():
    some, all_right = table([1.0] * 22 + [0.0] * 7), table([1.0] * 29)
    worse, better = cell(all_right, some), cell(some, all_right)
    assert worse.verdict == "regressed"
    assert better.verdict == "undecided"
    assert worse.p is not None
    assert better.p == pytest.approx(8 * worse.p)  # 4 % against half a percent
