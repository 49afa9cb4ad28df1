"""The user's own labels, without what looks like a credential: labels stand in every row, and rows are shared.

A label goes by its key's name, or by its value's shape. Rather one harmless label too few than a key in a report: its owner is told which
one is missing, never what was in it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

_SECRET_WORDS = frozenset(
    {
        "apikey", "apikeys", "auth", "authorization", "bearer", "cookie", "cookies", "credential", "credentials", "creds", "csrf",
        "jwt", "oauth", "otp", "passphrase", "passwd", "password", "passwords", "pin", "privatekey", "pwd", "secret", "secrets",
        "session", "sessionid", "sid", "signature", "token", "totp", "xsrf",
    }
)  # fmt: skip
"""Words of a key's name. `tokens` is not among them: that is what one counts here."""
_SECRET_PAIRS = re.compile(
    r"(api|access|account|admin|client|deploy|encryption|license|master|private|service|shared|signing|ssh|storage|subscription)key"
)
_SECRET_INSIDE = re.compile(
    r"apikey|accesskey|secret(?!ar)|passw(or)?d|passphrase|privatekey|credential|authori[sz]ation|authtoken|accesstoken|bearer"
)

_SHAPES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"(?i)\b(?:bearer|basic|token)\s+[\w.~+/=-]{8,}",
        r"\beyJ[\w-]{5,}\.[\w-]{5,}",  # a JSON web token
        r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@]+@",  # an address with a password
        r"(?i)(?:^|[?&;\s])(?:api[_-]?key|key|token|access_token|sig|signature|password|secret)=[^&\s]{6,}",
        r"\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_])*[A-Za-z0-9_-]{12,}",  # OpenAI, Anthropic, OpenRouter, Stripe
        r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}",  # Amazon
        r"\b(?:gh[pousr]|github_pat|glpat|gldt|dop_v1|shpat|shpss|npm|pypi|hvs|hvb|atlasv1|dapi|lin_api|ntn|sntrys|tskey)[-_][\w-]{12,}",
        r"\bpypi-[\w-]{12,}|\bdapi[0-9a-f]{24,}",
        r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}",  # Slack
        r"\bhooks\.slack\.com/services/\S+",
        r"\b(?:gsk|hf|r8|xai|pplx|nvapi|fw|co|tvly|csk|esecret|jina|figd|PMAK|rnd|sbp|key)[-_][A-Za-z0-9_-]{16,}",
        r"\bAIza[\w-]{20,}|\bya29\.[\w-]{10,}|\bGOCSPX-[\w-]{10,}",  # Google
        r"\bSG\.[\w-]{10,}\.[\w-]{10,}",  # SendGrid
        r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=\S{8,}",  # Azure
    )
)
"""Credentials that one knows by their shape."""

_RUN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_HARMLESS = re.compile(
    r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # a UUID
    r"|(?:sha\d+[-_:=])?[0-9a-f]{40}|(?:sha256[-_:=])?[0-9a-f]{64}"  # a commit, a content address
    r"|\d+"
)
_AMAZON = re.compile(r"[A-Za-z0-9/+]{40}")  # a secret access key, which may have slashes in it
_AMAZON_BITS = 4.4  # a path of that length has some 4
_KINDS = re.compile(r"[a-z]+|[A-Z]+|\d+")
_CHANGES, _BITS = 0.45, 3.6
"""What a text that was drawn by chance has at least: runs of small letters, capitals or digits, and bits, for each character.

Chance makes 0.62 runs; names of a program's things have fewer, such as `someVeryLongIdentifierName2` with 0.4.
"""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that may be stored, and the names of those that may not."""

    kept: Mapping[str, str]
    dropped: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Which labels are not stored, in sentences; never what was in them."""
        return tuple(f"the label {name} was not stored: it looks like a credential" for name in self.dropped)


def cleaned(labels: Mapping[str, str]) -> Labels:
    """The labels without those that look like credentials, by their key's name or their value's shape."""
    kept, dropped = {}, []
    for key, value in labels.items():
        if names_a_credential(key) or is_credential(value) or is_credential(key):
            dropped.append("whose name is one itself" if is_credential(key) else f"'{key}'")
        else:
            kept[key] = value
    return Labels(kept, tuple(dropped))


def names_a_credential(key: str) -> bool:
    """Whether a key's name, in any casing and with any separators, is one that credentials have."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", key)]
    joined = "".join(words)
    return bool(_SECRET_WORDS & {*words, joined} or _SECRET_PAIRS.search(joined) or _SECRET_INSIDE.search(joined))


def is_credential(text: str) -> bool:
    """Whether a text has a credential's shape somewhere in it."""
    return any(shape.search(text) for shape in _SHAPES) or any(_is_random(run[0]) for run in _RUN.finditer(text))


def _is_random(run: str) -> bool:
    """Whether it was drawn rather than written: long, with digits, and as mixed as chance makes it."""
    if _HARMLESS.fullmatch(run):
        return False
    if _AMAZON.fullmatch(run) and "/" in run and re.search(r"\d", run) and _bits(run) > _AMAZON_BITS:
        return True
    longest = max(re.split(r"[-_/+=]", run), key=len)
    kinds = _KINDS.findall(longest)
    if len(longest) < 20 or not any(kind.isdigit() for kind in kinds) or _bits(longest) < _BITS:
        return False
    if longest.lower() == longest or longest.upper() == longest:
        return len(longest) >= 24 and sum(kind.isdigit() for kind in kinds) >= 4
    return len(kinds) >= _CHANGES * len(longest)


def _bits(text: str) -> float:
    """Shannon's entropy for each character, in bits."""
    shares = [times / len(text) for times in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
