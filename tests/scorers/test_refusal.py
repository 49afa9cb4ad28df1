"""refusal: filtered replies count where a refusal is wanted."""

from harness.ask import Criterion
from tests.scorers.replies import answer, score


def test_a_filtered_reply_is_a_refusal_where_one_is_wanted_and_unscored_otherwise():
    filtered = answer("", finish="content_filter")
    wanted = score(Criterion("refusal", {"expected": True}), None, filtered)
    unwanted = score(Criterion("refusal", {"expected": False}), None, filtered)
    assert (wanted.state, wanted.value) == ("scored", 1)
    assert (unwanted.state, unwanted.value) == ("unscored", None)
