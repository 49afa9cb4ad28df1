"""`${VAR}` and `${VAR:-default}` in what a person wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_CREDENTIAL = re.compile(r"(^|_)(KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_|$)", re.IGNORECASE)


def expand(value: Any, env: Mapping[str, str], missing: set[str]) -> Any:
    """`value` with each variable in its texts (also within lists and tables) replaced from `env`.

    An empty variable counts as not set, as `:-` does in a shell. A variable that is neither set nor has a default stays
    as it is written, and its name is added to `missing`.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _value(found, env, missing), value)
    if isinstance(value, Mapping):
        return {key: expand(one, env, missing) for key, one in value.items()}
    if isinstance(value, list):
        return [expand(one, env, missing) for one in value]
    return value


def _value(found: re.Match[str], env: Mapping[str, str], missing: set[str]) -> str:
    name, default = found[1], found[2]
    if env.get(name):
        return env[name]
    if default is None:
        missing.add(name)
        return found[0]
    return default


def the_variable(text: str) -> str | None:
    """The name of the variable that `text` is and nothing else; None where it is anything else."""
    found = _VARIABLE.fullmatch(text)
    return found[1] if found else None


def is_one_variable(text: str) -> bool:
    """Whether `text` is a single `${VAR}` and nothing else, so that no part of a secret stands in the file."""
    found = _VARIABLE.fullmatch(text)
    return found is not None and not found[2]


def complaint(text: str) -> str | None:
    """What is wrong with the variables in a text that is not an API key, with a hint on the next line; None if nothing."""
    if "${" in _VARIABLE.sub("", text):
        return "a '${' that does not begin a variable\nwrite ${NAME} or ${NAME:-default}"
    for found in _VARIABLE.finditer(text):
        if _CREDENTIAL.search(found[1]):
            return f"${{{found[1]}}} looks like a credential, which belongs into api_key alone\nother keys are shown and recorded"
    return None
