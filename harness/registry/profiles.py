"""`[profiles.NAME]` of `providers.toml` → Profiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.document import Document, did_you_mean
from harness.errors import Problem, WrongUse
from harness.registry.entries import Profile
from harness.registry.form import FileForm, ProfileForm
from harness.registry.variables import expand

_SETS, _LISTS = ("tags", "needs"), ("providers", "fallbacks")


def profiles(document: Document, form: FileForm, env: Mapping[str, str]) -> tuple[dict[str, Profile], list[Problem]]:
    """The profiles by name, and what is wrong with them: a provider that is not registered, a variable that is not set."""
    known = [one.name for one in form.providers]
    made: dict[str, Profile] = {}
    problems: list[Problem] = []
    for name, one in form.profiles.items():
        problems += _strangers(document, name, one, known)
        unset: set[str] = set()
        try:
            made[name] = _profile(one, env, unset)
        except WrongUse as error:
            problems.append(Problem(document.path, document.line(("profiles", name)), f"profiles.{name}: {error}"))
        if unset:
            said = f"profiles.{name} names {' and '.join(sorted(unset))}, which is not set"
            hint = "set it, or write ${NAME:-otherwise this}"
            problems.append(Problem(document.path, document.line(("profiles", name)), said, hint))
    return made, problems


def _strangers(document: Document, name: str, form: ProfileForm, known: list[str]) -> Iterator[Problem]:
    for key in _LISTS:
        for number, one in enumerate(getattr(form, key)):
            if one not in known:
                line = document.line(("profiles", name, key, number))
                yield Problem(document.path, line, f"no provider is called '{one}'", did_you_mean(one, known))


def _profile(form: ProfileForm, env: Mapping[str, str], unset: set[str]) -> Profile:
    said: dict[str, Any] = form.model_dump(exclude={"params", "max_tokens", "temperature"})
    own = {"max_tokens": form.max_tokens, "temperature": form.temperature}
    params = {name: value for name, value in own.items() if value is not None}
    return Profile(
        **{
            **said,
            "capability": expand(form.capability, env, unset),
            **{key: frozenset(expand(said[key], env, unset)) for key in _SETS},
            **{key: tuple(said[key]) for key in _LISTS},
            "params": {**params, **expand(form.params, env, unset)},
        }
    )
