"""Labels on their way into a run: what looks like a credential stays out, and its owner is told which it was."""

from pathlib import Path
from typing import Any, cast

from harness.pipeline import Recorded
from harness.settings import Terms
from harness.told import Tally


def test_terms_store_no_label_that_looks_like_a_credential():
    terms = Terms(metadata={"team": "search", "apiKey": "hunter2"})
    assert terms.labels.kept == {"team": "search"}
    assert terms.labels.dropped == ("'apiKey'",)


def test_a_recorded_run_tells_which_labels_it_did_not_store_beside_who_was_stopped():
    notes = Terms(metadata={"apiKey": "hunter2"}).labels.notes
    tally = Tally(planned=1, stopped={"mine": "no key"})
    recorded = Recorded(cast("Any", Path()), tally, interrupted=False, unlabelled=notes)
    assert recorded.notes == (
        "mine was asked no more: no key",
        "the label 'apiKey' was not stored: it looks like a credential",
    )
