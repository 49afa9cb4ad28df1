"""Weights that the evidence supports: which provider takes a capability's traffic, and `reports/routing.toml`."""

from harness.routing.changes import check_replaces, diff
from harness.routing.choose import choose
from harness.routing.evidence import CALLS, SCORES
from harness.routing.file import address, load, save
from harness.routing.objective import Objective
from harness.routing.schema import schema

__all__ = ["CALLS", "SCORES", "Objective", "address", "check_replaces", "choose", "diff", "load", "save", "schema"]
