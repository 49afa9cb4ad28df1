import pytest

from harness.client.wires.draft import END_TOKENS, Draft, nothing_in, whole, without_end_tokens
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


@pytest.mark.parametrize("token", END_TOKENS)
def test_an_end_token_at_the_end_is_taken_off_and_counted(token):
    assert without_end_tokens(f"Grüße.{token}") == ("Grüße.", 1)
    assert without_end_tokens(f"Grüße.\n{token}\n{token} ") == ("Grüße.\n", 2)


@pytest.mark.parametrize("token", END_TOKENS)
def test_an_end_token_in_the_middle_stays(token):
    for text in (f"{token} ends a turn", f"`{token}`", f"say {token}."):
        assert without_end_tokens(text) == (text, 0)


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ("a<|im_end|></s><|endoftext|>", "a", 3),
        ("<s>old</s>", "<s>old</s>", 0),
        ("<s>old</s> new</s>", "<s>old</s> new", 1),
        ("<s>old</s></s>", "<s>old</s>", 1),
        ('<s class="x">old</s><|im_end|>', '<s class="x">old</s>', 1),
        ("hello [/INST]", "hello [/INST]", 0),
        ("cut <|im_en", "cut <|im_en", 0),
        ("", "", 0),
    ],
)
def test_what_ends_a_text_is_told_from_what_belongs_to_it(text, left, count):
    assert without_end_tokens(text) == (left, count)


def test_nothing_but_end_tokens_is_an_empty_response_without_any_content():
    draft = Draft()
    for at, piece in ((1.0, "<|im_"), (2.0, "end|>"), (3.0, "</s>")):
        draft.begin(at)
        draft.add_text(piece)
    draft.finish("stop")
    done = draft.done()
    assert done.failure is not None
    assert (done.failure.kind, done.reply.text, done.reply.end_tokens) == ("empty_response", "", 2)
    assert "end tokens" in done.failure.error
    assert done.marks.pieces == ()
