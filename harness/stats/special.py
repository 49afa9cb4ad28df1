"""scipy.special, loaded when a figure is first computed: no request has to wait until it is."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """One of its functions."""
    value = getattr(import_module("scipy.special"), name)
    globals()[name] = value
    return value
