import pandas as pd

from harness import standing
from tests.stats.tables import Table

ASKED = '{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"2 + 2?"}]}'


Frames = tuple[pd.DataFrame, pd.DataFrame]


def frames(values, texts=None, **columns) -> tuple[pd.DataFrame, pd.DataFrame]:
    made = Table()
    for number, value in enumerate(values):
        text = (texts or ["said"] * len(values))[number]
        made.trial(f"c{number}", value, text=text, messages_json=ASKED, **columns)
    return made.frames()


def moved(base: Frames, new: Frames):
    before, after = standing.outcomes(*base), standing.outcomes(*new)
    found = standing.flipped(before, after)
    return standing.flips(found, standing.replies(*base, found), standing.replies(*new, found))


def differences(base: Frames, new: Frames):
    found = standing.differences(standing.outcomes(*base), standing.outcomes(*new))
    return [(one.what, one.provider, one.base, one.new, one.n_cases) for one in found]


def test_cases_that_flipped_either_way_are_named_with_both_replies():
    base = frames([1.0, 0.0, 1.0], ["four", "five", "same"])
    new = frames([0.0, 1.0, 1.0], ["cinq", "four", "same"])
    lost, gained = moved(base, new)
    assert (lost.case_id, lost.lost, lost.base_reply, lost.new_reply) == ("c0", True, "four", "cinq")
    assert (gained.case_id, gained.lost, gained.base_reply, gained.new_reply) == ("c1", False, "five", "four")
    assert (lost.prompt, lost.new_reason) == ("2 + 2?", "the reply is empty")


def test_of_several_repeats_the_reply_shown_is_the_one_that_tells():
    base, new = Table(), Table()
    for repeat, value in enumerate((1.0, 0.0, 1.0)):
        base.trial("c", value, repeat=repeat, text=f"base {value}", messages_json="no JSON")
        new.trial("c", 1.0 - value, repeat=repeat, text=None, tool_calls_json=f"[{1.0 - value}]", messages_json="{}")
    (flip,) = moved(base.frames(), new.frames())
    assert (flip.base_reply, flip.new_reply, flip.prompt) == ("base 1.0", "[0.0]", None)


def test_a_side_that_keeps_no_texts_has_none_to_show():
    base, new = frames([1.0]), frames([0.0], ["no"])
    before, after = standing.outcomes(*base), standing.outcomes(*new)
    found = standing.flipped(before, after)
    (flip,) = standing.flips(found, standing.replies(base[0].iloc[:0], base[1].iloc[:0]), standing.replies(*new, found))
    assert (flip.base_reply, flip.new_reply) == (None, "no")


def test_a_case_that_was_asked_otherwise_did_not_flip():
    assert moved(frames([1.0], params_json='{"t":0}'), frames([0.0], params_json='{"t":1}')) == []


def test_models_fingerprints_prices_and_parameters_that_changed_are_said():
    base = frames([1.0, 1.0], params_json='{"model":"m","t":0,"x":1}', model_served="m-1", fingerprint="f1")
    new = frames(
        [1.0, 1.0], params_json='{"model":"n","t":0.7,"x":1}', model_served="m-2", fingerprint="f2", price_id="p2"
    )
    assert differences(base, new) == [
        ("served model", "a", "m-1", "m-2", 2),
        ("fingerprint", "a", "f1", "f2", 2),
        ("prices", "a", "p1", "p2", 2),
        ("parameters", "a", "t: 0", "t: 0.7", 2),
    ]


def test_fingerprints_that_come_and_go_in_both_runs_are_no_change():
    base, new = Table(), Table()
    for number in range(4):
        base.trial(f"c{number}", 1.0, fingerprint=f"f{number % 2}")
        new.trial(f"c{number}", 1.0, fingerprint=f"f{(number + 1) % 2}")
    assert differences(base.frames(), new.frames()) == []


def test_kinds_of_failure_that_changed_are_counted_by_case():
    base, new = Table(), Table()
    for number in range(4):
        base.trial(f"c{number}", 1.0)
        new.trial(
            f"c{number}",
            None if number < 3 else 1.0,
            "failed" if number < 3 else None,
            [("overloaded", "provider")] * (number < 3),
        )
    assert differences(base.frames(), new.frames()) == [("failures", "a", "none", "overloaded 3", 3)]


def test_cases_of_a_suite_that_were_edited_went_or_came_are_counted():
    base = Table().trial("x", 1.0, case_hash="h1").trial("y", 1.0).trial("z", 1.0)
    new = Table().trial("x", 1.0, case_hash="h2").trial("z", 1.0).trial("late", 1.0)
    assert differences(base.frames(), new.frames()) == [
        ("suite smoke", "", "3 cases", "3 cases: 1 edited, 1 gone, 1 new", 3)
    ]
