"""Numbers as people read them: percent, seconds, dollars, each with its interval; a dash where there is none."""

from __future__ import annotations

import math

from harness.judged import Estimate

DASH = "–"


def percent(estimate: Estimate | None) -> str:
    """`Estimate(0.92, …, 0.8, 0.97)` → "92 (80–97)": percent with its 95 % interval."""
    if estimate is None:
        return DASH
    if estimate.low is None or estimate.high is None:
        return f"{100 * estimate.value:.0f}"
    return f"{100 * estimate.value:.0f} ({100 * estimate.low:.0f}–{100 * estimate.high:.0f})"


def seconds(estimate: Estimate | float | None) -> str:
    """Seconds in the unit that needs no leading zeros: "87 ms", "1.25 s", "2 min 05 s"."""
    value = estimate.value if isinstance(estimate, Estimate) else estimate
    if value is None:
        return DASH
    if value < 0.9995:
        return f"{1000 * value:.0f} ms"
    if value < 99.995:
        return f"{value:.2f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def usd(value: float | None) -> str:
    """Dollars with three significant digits at least: "$12.30", "$0.00123"; a dash for unknown, which is not $0."""
    if value is None:
        return DASH
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    digits = 2 - math.floor(math.log10(value))
    return f"${value:.{digits}f}"


def count(value: int) -> str:
    """`2000` → "2,000"."""
    return f"{value:,}"


def short(value: int | None) -> str:
    """`950` → "950", `61_234` → "61.2k", `1_234_567` → "1.23M": three digits; a dash for unknown."""
    if value is None:
        return DASH
    for power, unit in ((9, "G"), (6, "M"), (3, "k")):
        if value >= 0.9995 * 10**power:
            scaled = value / 10**power
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{unit}"
    return str(value)


def ago(seconds: float) -> str:
    """How long ago, in the largest whole unit: "5 seconds ago", "3 minutes ago", "2 days ago"."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{plural(int(seconds // length), unit)} ago"
    return f"{plural(max(0, int(seconds)), 'second')} ago"


def size(value: int) -> str:
    """Bytes as "512 B", "3.2 kB", "1.5 GB", in powers of 1,000."""
    if value < 1000:
        return f"{value} B"
    power = min(4, (len(str(value)) - 1) // 3)
    return f"{value / 1000**power:.1f} {' kMGT'[power]}B"


def plural(number: int, noun: str) -> str:
    """`(1, "trial")` → "1 trial"; `(2000, "trial")` → "2,000 trials"; a noun in y gets its ies, unless that is a day."""
    if number == 1:
        return f"1 {noun}"
    changes = noun.endswith("y") and noun[-2] not in "aeou"
    return f"{number:,} {noun.removesuffix('y') + 'ies' if changes else noun + 's'}"
