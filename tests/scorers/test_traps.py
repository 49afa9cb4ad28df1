"""Each row of the table of traps comes out as it says."""

import pytest

from harness.ask import Criterion
from tests.scorers.replies import answer, score
from tests.scorers.traps import TRAPS

LIBRARIES = {"rouge_l": "rouge_score", "bleu": "sacrebleu"}


def test_the_table_has_no_row_twice_and_is_long_enough():
    rows = [repr(row) for row in TRAPS]
    assert len(set(rows)) == len(rows) >= 300


@pytest.mark.parametrize(("name", "options", "expect", "reply", "value"), TRAPS)
def test_a_trap_is_judged_as_the_table_says(name, options, expect, reply, value):
    if name in LIBRARIES:
        pytest.importorskip(LIBRARIES[name], reason="the extra 'text' is not installed")
    one = score(Criterion(name, options), expect, answer(reply))
    assert (one.state, one.value) == (("unscored", None) if value is None else ("scored", value)), one
    assert one.scorer == name
    assert one.value == 1 or one.reason
