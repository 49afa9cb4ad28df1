from harness.ask import Secret, ToolCall
from harness.client.masking import SHORTEST, masked
from harness.told import Reply

KEY = "sk-0123456789abcdef"


def test_a_key_that_a_server_repeats_is_masked_wherever_it_stands():
    call = ToolCall("login", f'{{"key": "{KEY}"}}', f"call-{KEY}")
    said = masked(Reply(f"It is {KEY}!", f"{KEY}?", (call,), "stop", KEY, None, f"m-{KEY}"), Secret(KEY))
    assert KEY not in repr(said)
    assert said == Reply(
        "It is ***!", "***?", (ToolCall("login", '{"key": "***"}', "call-***"),), "stop", "***", None, "m-***"
    )


def test_a_reply_without_the_key_is_the_very_same():
    reply = Reply("sk-other", tool_calls=(ToolCall("a", "{}"),))
    assert masked(reply, Secret(KEY)) is reply
    assert masked(reply, None) is reply
    assert masked(reply, Secret("")) is reply


def test_a_word_that_serves_a_local_server_as_key_is_no_secret():
    reply = Reply("none of these")
    assert masked(reply, Secret("none")) is reply
    assert masked(Reply("x" * SHORTEST), Secret("x" * SHORTEST)).text == "***"
