"""What several scorers read alike in a reply."""

import pytest

from harness.scorers.reading import boxed, fences, marked


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("```python\na\n```", [("python", "a\n")]),
        ("x\n```\na\n```\ny\n~~~JSON title\nb\n~~~\n", [("", "a\n"), ("json", "b\n")]),
        ("````md\n```\na\n```\n````", [("md", "```\na\n```\n")]),
        ("  ```py\n  a\n  ```", [("py", "  a\n")]),
        ("```py\na", [("py", "a")]),
        ("`inline` and ```x```", []),
        ("```c++\na\n```", [("c++", "a\n")]),
    ],
)
def test_fenced_blocks_are_found(text, blocks):
    assert fences(text) == blocks


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"\boxed{42}", "42"),
        (r"\boxed {42}", "42"),
        (r"\fbox{42}", "42"),
        (r"\boxed{\frac{3}{4}}", r"\frac{3}{4}"),
        (r"\boxed{1} \boxed{2}", "2"),
        (r"\boxed{1} \boxed{2", "1"),
        (r"\boxed{\{1\}}", r"\{1\}"),
        (r"a } \boxed{1}", "1"),
        (r"boxed{1}", None),
        (r"\boxed{", None),
    ],
)
def test_the_last_box_that_closes_is_read(text, content):
    assert boxed(text) == content


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("The answer is 4", [" 4"]),
        ("ANSWER: 4", [" 4"]),
        ("Answer = 4", [" 4"]),
        ("**Answer**: 4", [" 4"]),
        ("answer -> 4", [" 4"]),
        ("Answer (in cm): 4", [" 4"]),
        ("#### 4", [" 4"]),
        ("##### heading", []),
        ("Answer: 4. The result is 5", [" 5", " 4. The result is 5"]),
        ("the answer is not 4", []),
        ("Lösung: 4", [" 4"]),
        ("le résultat est 4", [" 4"]),
        ("答案：4", ["4"]),
        ("The answer sheet", []),
        ("unanswered: 4", []),
    ],
)
def test_explicit_markers_are_found_last_first(text, following):
    assert list(marked(text)) == following
