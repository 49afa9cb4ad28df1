"""Labels on their way into a run: what looks like a credential stays out, and its owner is told which it was."""

from harness.settings import Terms


def test_terms_store_no_label_that_looks_like_a_credential():
    terms = Terms(metadata={"team": "search", "apiKey": "hunter2"})
    assert terms.labels.kept == {"team": "search"}
    assert terms.labels.dropped == ("'apiKey'",)


def test_they_name_the_labels_that_they_do_not_store():
    notes = Terms(metadata={"apiKey": "hunter2"}).labels.notes
    assert notes == ("the label 'apiKey' was not stored: it looks like a credential",)
