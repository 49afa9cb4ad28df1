from dataclasses import replace

from harness.judged import ALL
from harness.render import tables
from harness.render.figures import DASH
from tests.render.words import CALIBRATION, REPORT, ROUTING, STANDINGS, standing


def test_quality_puts_the_best_provider_first_and_all_capabilities_last():
    (table,) = tables.quality(STANDINGS)
    assert table.head == ("capability", "careful", "frugal")
    assert [row[0] for row in table.rows] == ["facts", "tools", ALL]
    assert table.rows[0] == ("facts", "95 (85–100)", "70 (60–75)")
    assert "simulated" in table.title


def test_a_cell_with_unscored_cases_is_marked():
    (table,) = tables.quality(STANDINGS)
    assert table.rows[1][1].endswith("*")
    assert not table.rows[0][1].endswith("*")


def test_many_providers_are_spread_over_tables():
    many = [standing(f"p{number}", ALL, 0.9 - number / 100) for number in range(7)]
    first, second = tables.quality(many, across=5)
    assert first.head[1:] == ("p0", "p1", "p2", "p3", "p4")
    assert second.head[1:] == ("p5", "p6")


def test_a_provider_that_was_not_asked_a_capability_has_a_dash():
    (table,) = tables.quality([*STANDINGS, standing("late", ALL, 0.5)])
    assert table.rows[0][3] == DASH


def test_real_providers_are_not_called_simulated():
    (table,) = tables.quality([replace(one, simulated=False) for one in STANDINGS])
    assert "simulated" not in table.title


def test_costs_are_of_a_thousand_calls_and_unknown_ones_a_dash():
    table = tables.providers([*STANDINGS, standing("unpriced", ALL, 0.5, cost=None)])
    assert table.rows[0][5:] == ("$2.00", "$2.17")
    assert table.rows[-1][5:] == (DASH, DASH)


def test_a_provider_without_scores_stands_last():
    table = tables.providers([standing("mute", ALL, 0.5, quality=None), *STANDINGS])
    assert [row[0] for row in table.rows] == ["careful", "frugal", "mute"]


def test_counts_name_the_failures():
    table = tables.counts(STANDINGS)
    assert table.rows[1][-1] == "rate_limited 3"
    assert table.rows[0][-1] == DASH


def test_routes_show_shares_largest_first():
    table = tables.routes(ROUTING)
    assert table.rows[0] == ("facts", "shift", "careful 93 %, frugal 7 %", "0.93")
    assert "simulated" in table.title


def test_capabilities_with_the_same_reason_share_a_line():
    facts, tools = ROUTING.routes
    same = replace(ROUTING, routes=(facts, replace(tools, why=facts.why), replace(tools, capability="code")))
    assert tables.reasons(same) == ["facts, tools: why so", "code: 60 more needed"]


def test_a_route_without_a_challenger_has_no_probability():
    alone = replace(ROUTING, routes=(replace(ROUTING.routes[0], challenger=None, probability=None),))
    assert tables.routes(alone).rows[0][3] == DASH


def test_calibration_states_the_share_that_holds():
    figures, quality = tables.calibration(CALIBRATION)
    assert quality.note == "1 of 2 intervals (50 %) hold the truth"
    assert [row[-1] for row in quality.rows] == ["yes", "no"]
    assert [row[-1] for row in figures.rows] == ["+2.0 %", "equal", "equal"]


def test_calibration_in_brief_has_a_row_for_each_provider():
    table = tables.calibration_brief(CALIBRATION)
    assert table.rows == (
        ("careful", "1 of 1", "+2.0 %", DASH, "equal", DASH, "equal"),
        ("frugal", "0 of 1", DASH, DASH, DASH, DASH, DASH),
    )
    assert table.note.startswith("1 of 2")


def test_calibration_without_cells_says_nothing():
    assert tables.calibration_brief(()).note == ""
    assert all(not table.rows for table in tables.calibration(()))


def test_the_summary_says_when_trials_are_missing():
    assert "160 trials ·" in tables.summary(REPORT)
    assert "150 trials of 160" in tables.summary(replace(REPORT, trials=150))
    assert "simulated spend" in tables.summary(REPORT)
