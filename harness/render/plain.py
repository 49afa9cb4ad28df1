"""Text that others wrote, made harmless: nothing in it moves a cursor, changes a colour or turns the reading direction."""

from __future__ import annotations

_KEPT = {"\n", "\t"}
_UNSEEN = [*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
_MARKS = {code: chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd" for code in _UNSEEN}
_VISIBLE = {code: mark for code, mark in _MARKS.items() if chr(code) not in _KEPT} | dict.fromkeys(
    range(0xD800, 0xE000), "\ufffd"
)
_ESCAPED = {code: f"\\u{code:04x}" for code in [*_UNSEEN, *range(0xD800, 0xE000)] if code >= 0x7F}


def plain(text: str) -> str:
    """The text with a visible sign (␛, ␀, …) for each control character, direction mark and half a surrogate pair; line ends and tabs stay."""
    return text.translate(_VISIBLE)


def one_line(text: str, most: int) -> str:
    """The same on one line, cut to so many characters."""
    start = " ".join(plain(text[: 4 * most]).split())  # a million characters are not read for a line of them
    return start if len(start) <= most and len(text) <= 4 * most else start[: most - 1] + "…"


def plain_json(text: str) -> str:
    """JSON with what is no plain text in it written as escapes; it means the same."""
    return text.translate(_ESCAPED)
