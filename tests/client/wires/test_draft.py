from harness.client.wires.draft import Draft, nothing_in, whole
from harness.told import Reply


def test_pieces_of_nothing_leave_no_mark():
    draft = Draft()
    draft.begin(1.0)
    nothings: list[object] = ["", None, 3, []]
    for nothing in nothings:
        draft.add_text(nothing)
        draft.add_reasoning(nothing)
    assert draft.done().marks.first is None
    assert whole(draft, [(1.0, b"{}")]).marks.pieces == ()


def test_text_and_reasoning_of_one_event_are_one_piece():
    draft = Draft()
    draft.begin(1.0)
    draft.add_reasoning("a")
    draft.add_text("b")
    assert draft.done().marks.pieces == (1.0,)


def test_a_body_is_one_piece_from_its_first_bytes_to_its_last():
    draft = Draft()
    draft.begin(1.0)
    draft.add_reasoning("a")
    marks = whole(draft, [(1.0, b"{"), (2.0, b"}")]).marks
    assert (marks.first, marks.visible, marks.last, marks.pieces) == (1.0, None, 2.0, (2.0,))


def test_an_answer_that_reached_its_token_limit_is_one_though_empty():
    assert nothing_in(Reply(finish_reason="length")) is None
    empty = nothing_in(Reply(finish_reason="stop"))
    assert empty is not None
    assert empty.kind == "empty_response"
