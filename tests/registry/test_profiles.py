"""`[profiles.NAME]`: what a person may wish of a router, and what is wrong with such a wish."""

import pytest

from harness.errors import BadInput
from harness.registry import Profile

PROVIDERS = """
[[providers]]
name = "one"
model = "openai/gpt-4o-mini"
api_key = "${ONE_API_KEY}"
"""


def test_a_profile_is_read_with_its_variables(read):
    registry = read(
        PROVIDERS
        + """
[profiles.drafts]
strategy = "cost"
capability = "${WHAT:-writing}"
tags = ["${REGION}"]
needs = ["tools", "vision"]
providers = ["one"]
fallbacks = ["one"]
context_tokens = 1000
max_input_price = 1
max_output_price = 5.5
deadline_s = 3
stream = false
temperature = 0.5
max_tokens = 9
params = { top_p = 0.9 }
""",
        REGION="eu",
    )
    assert registry.profiles == {
        "drafts": Profile(
            capability="writing",
            strategy="cost",
            tags=frozenset({"eu"}),
            needs=frozenset({"tools", "vision"}),
            providers=("one",),
            fallbacks=("one",),
            context_tokens=1000,
            max_input_price=1.0,
            max_output_price=5.5,
            deadline_s=3.0,
            stream=False,
            params={"temperature": 0.5, "max_tokens": 9, "top_p": 0.9},
        )
    }


def test_profiles_are_no_part_of_what_runs_are_compared_by(read):
    assert read(PROVIDERS).hash == read(PROVIDERS + "[profiles.a]\n").hash


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('providers = ["oen"]', "no provider is called 'oen'\n    did you mean 'one'?"),
        ('fallbacks = ["one", "two"]', "no provider is called 'two'"),
        ('strategy = "manual"', "profiles.a: the strategy 'manual' takes providers in your order"),
        ('capability = "${NOT_SET}"', "profiles.a names NOT_SET, which is not set"),
        ('strategy = "cheap"', "cheap"),
        ('needs = ["sight"]', "'sight' is no capability of a model"),
        ("deadline_s = 0", "deadline_s"),
        ('params = { model = "x" }', "'model' does not belong here"),
        ("wishes = 3", "wishes"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read, said, why):
    with pytest.raises(BadInput) as error:
        read(f"{PROVIDERS}[profiles.a]\n{said}\n")
    assert why in str(error.value)
    assert ":7: " in str(error.value) or ":8: " in str(error.value) or ":6: " in str(error.value)
