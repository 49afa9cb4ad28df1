"""Which LLM provider to trust with what: run suites of prompts, record what happened, judge it, route by the evidence.

    import harness

    finished = harness.run(selection=harness.Selection(limit=10))   # as `harness run --limit 10`
    finished.run.calls()                                            # pandas: one row for each attempt
    harness.load_run("reports/latest").scores()                     # pandas: one row for each trial and scorer
    harness.models()                                                # facts, measurements and routes of each provider
    harness.wait(harness.Client().ask(provider, "2+2?"))            # async inside, one door for synchronous callers
    harness.wait(harness.Client().stream(provider, "2+2?"))         # the answer in typed pieces, as it comes
    harness.wait(harness.Router.load().ask("2+2?", capability="math"))   # of whoever the evidence says, else of another

Importing this loads nothing heavy; each name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.ask import Case, Prompt, Provider, Suite
    from harness.cards import models
    from harness.cli.fleet import run
    from harness.client import Cache, Client, ReasoningDelta, Stream, TextDelta, ToolCallDelta, wait
    from harness.errors import AllFailed, HarnessError, OverLimit
    from harness.load import suites as load_suites
    from harness.registry import Profile
    from harness.registry import load as load_providers
    from harness.routing import Allowance, BreakerOptions, Caller, Explore, Record, Router, RouterOptions
    from harness.settings import Patience, Places, Selection, Terms
    from harness.store import load_run, load_runs
    from harness.told import Attempt

__version__ = "0.1.0"

__all__ = [
    "AllFailed",
    "Allowance",
    "Attempt",
    "BreakerOptions",
    "Cache",
    "Caller",
    "Case",
    "Client",
    "Explore",
    "HarnessError",
    "OverLimit",
    "Patience",
    "Places",
    "Profile",
    "Prompt",
    "Provider",
    "ReasoningDelta",
    "Record",
    "Router",
    "RouterOptions",
    "Selection",
    "Stream",
    "Suite",
    "Terms",
    "TextDelta",
    "ToolCallDelta",
    "load_providers",
    "load_run",
    "load_runs",
    "load_suites",
    "models",
    "run",
    "wait",
]

_PLACES = {
    "AllFailed": "errors",
    "Allowance": "routing",
    "Attempt": "told",
    "BreakerOptions": "routing",
    "Cache": "client",
    "Caller": "routing",
    "Case": "ask",
    "Client": "client",
    "Explore": "routing",
    "HarnessError": "errors",
    "OverLimit": "errors",
    "Patience": "settings",
    "Places": "settings",
    "Profile": "registry",
    "Prompt": "ask",
    "Provider": "ask",
    "ReasoningDelta": "client",
    "Record": "routing",
    "Router": "routing",
    "RouterOptions": "routing",
    "Selection": "settings",
    "Stream": "client",
    "Suite": "ask",
    "Terms": "settings",
    "TextDelta": "client",
    "ToolCallDelta": "client",
    "load_providers": "registry:load",
    "load_run": "store",
    "load_runs": "store",
    "load_suites": "load:suites",
    "models": "cards",
    "run": "cli.fleet",
    "wait": "client",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module 'harness' has no attribute '{name}'")
    place, _, there = _PLACES[name].partition(":")
    value = getattr(importlib.import_module(f"harness.{place}"), there or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
