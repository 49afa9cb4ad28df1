"""The search for the most requests in flight, in rounds and without a clock."""

from hypothesis import given
from hypothesis import strategies as st

from harness.client.limits import Change, Search


def rounds(search, takes, count, demand=10**6):
    """Rounds of a provider that takes so many at once; returns the width after each."""
    widths = []
    for now in range(count):
        at = float(now + 1)
        asked = min(search.width, demand)
        for number in range(asked):
            if number < takes:
                search.answered(at, at + 0.5, full=asked == search.width)
            else:
                search.refused(at, at + 0.5)
        widths.append(search.width)
    return widths


def test_it_doubles_until_the_first_429_undoes_that_and_then_grows_by_one():
    search = Search(100, 0.0)
    assert rounds(search, 24, 6) == [8, 16, 32, 16, 17, 18]
    assert search.history[:4] == [
        Change(0.0, 4, "start"), Change(1.5, 8, "doubled"), Change(2.5, 16, "doubled"), Change(3.5, 32, "doubled"),
    ]  # fmt: skip
    assert [one.why for one in search.history[4:]] == ["cut", "grown", "grown"]


@given(st.integers(2, 90))
def test_it_settles_near_what_the_provider_takes(takes):
    late = rounds(Search(100, 0.0), takes, 200)[100:]
    assert max(late) <= takes + 1
    assert min(late) >= int((takes + 1) * 0.8)


def test_it_never_goes_beyond_the_most():
    assert rounds(Search(10, 0.0), 1000, 6) == [8, 10, 10, 10, 10, 10]
    assert Search(1, 0.0).width == 1


def test_what_was_not_tried_is_not_known():
    search = Search(100, 0.0)
    assert rounds(search, 1000, 20, demand=3) == [4] * 20
    assert rounds(search, 1000, 40, demand=10)[-1] == 16


def test_a_burst_of_429_is_one_cut_and_late_answers_of_a_wider_time_count_for_nothing():
    search = Search(100, 0.0)
    rounds(search, 1000, 3)
    for _ in range(32):
        search.refused(sent_at=5.0, now=6.0)
    assert search.width == 16
    for _ in range(100):
        search.answered(sent_at=5.0, now=7.0, full=True)
    assert search.width == 16
    search.refused(sent_at=6.5, now=7.0)
    assert search.width == 12


def test_it_never_ends_below_one():
    search = Search(100, 0.0)
    for now in range(20):
        search.refused(now + 0.5, now + 1.0)
    assert search.width == 1
