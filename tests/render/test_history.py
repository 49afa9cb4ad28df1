from harness import standing
from harness.render import history
from tests.standing.nights import nights


def test_what_stepped_comes_first_with_its_levels_and_curve():
    trends = standing.history(nights([1.0] * 10 + [1.5] * 10, [0.0] * 20))
    moved, overall = history.tables(trends)
    (row,) = moved.rows
    assert row[:3] == ("a", "s", "latency")
    assert row[3].startswith("worse since 20261111-030000-000a: ")
    assert set(row[5][:9]) <= set("▁▂▃▄")
    assert [one[1] for one in overall.rows] == ["quality", "answered", "TTFT", "latency", "cost", "tokens"]
    assert history.verdict(trends) == "6 figures over 20 runs: 1 step (1 for the worse)."


def test_an_unusual_last_run_is_said_to_be_one():
    trends = standing.history(nights([1.0] * 11 + [0.5], [0.0] * 12))
    (row,) = history.tables(trends)[0].rows
    assert row[3].startswith("last run better: ")
    assert "no step, the last run is unusual in 1 figure." in history.verdict(trends)


def test_the_plot_is_the_same_each_time_and_none_without_trends(tmp_path):
    trends = standing.history(nights([1.0] * 10 + [1.5] * 10, [0.0] * 20, names=("a", "b")))
    png, svg = history.plot(trends, tmp_path / "one")
    again = history.plot(trends, tmp_path / "two")
    assert svg.read_bytes() == again[1].read_bytes()
    assert png.stat().st_size > 10_000
    assert history.plot([], tmp_path / "none") == ()
