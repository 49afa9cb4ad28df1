"""How a search for concurrency went is kept beside the rows, and told in a sentence."""

import pytest

from harness.errors import StoreError
from harness.store.searches import ADAPTIVE_FILE, save_searches, told_searches


def change(in_flight, why):
    return {"at_s": 0.5, "in_flight": in_flight, "why": why}


@pytest.mark.parametrize(
    ("most", "changes", "line"),
    [
        (40, [(4, "start"), (8, "doubled"), (4, "cut")], "settled at 4 in flight, cut 1 time"),
        (40, [(8, "cut"), (9, "grown"), (7, "cut")], "settled at 7 in flight, cut 2 times"),
        (8, [(4, "start"), (8, "doubled")], "rose to 8 in flight, never cut; the most that was allowed"),
        (9, [(4, "start")], "rose to 4 in flight, never cut; no more were needed, or the run was too short to try"),
    ],
)
def test_a_sentence_for_each_provider(tmp_path, most, changes, line):
    save_searches(tmp_path, {"p": {"most": most, "history": [change(*one) for one in changes]}})
    assert told_searches(tmp_path) == (f"p: adaptive: {line}",)


def test_no_search_no_sentence_and_a_damaged_one_is_named(tmp_path):
    assert told_searches(tmp_path) == ()
    (tmp_path / ADAPTIVE_FILE).write_text("{")
    with pytest.raises(StoreError, match=r"adaptive\.json"):
        told_searches(tmp_path)
