"""A load is checked when it is made, and says what it is."""

import pytest

from harness.engine import Closed, Open, Sweep, as_json, sweep_of
from harness.errors import WrongUse


@pytest.mark.parametrize(
    ("load", "word"),
    [
        ({"rate": 0}, "above 0"),
        ({"rate": 1, "duration_s": -1}, "above 0"),
        ({"rate": 1, "ramp_from": -1, "duration_s": 1}, "at 0 or above"),
        ({"rate": 1, "burstiness": 2.0}, "add --arrivals gamma"),
        ({"rate": 1, "ramp_from": 0}, "say with --duration"),
    ],
)
def test_what_is_no_load_is_refused(load, word):
    with pytest.raises(WrongUse, match=word):
        Open(**load)


def test_levels_make_a_sweep_and_one_level_makes_none():
    assert sweep_of(Open(rate=9, queue=1), (1, 2)) == Sweep((Open(rate=1, queue=1), Open(rate=2, queue=1)))
    assert sweep_of(Closed(), (1, 8)) == Sweep((Closed(1), Closed(8)))
    assert sweep_of(Closed(), (4,)) == Closed(4)
    assert sweep_of(Open(rate=9), (2,)) == Open(rate=2)


def test_a_load_is_written_down_with_what_is_set():
    assert as_json(Sweep((Closed(1), Closed(None)))) == {
        "kind": "sweep",
        "stages": [{"kind": "closed", "concurrency": 1}, {"kind": "closed"}],
    }
    assert as_json(Open(rate=2, duration_s=5)) == {
        "kind": "open", "rate": 2, "duration_s": 5, "arrivals": "constant", "burstiness": 1.0
    }  # fmt: skip
