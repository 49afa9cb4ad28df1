"""Weights that the evidence supports: which provider takes a capability's traffic, and `reports/routing.toml`."""

from harness.routing.changes import check_replaces, diff
from harness.routing.choose import choose
from harness.routing.evidence import CALLS, SCORES
from harness.routing.file import address, load, save
from harness.routing.objective import Objective
from harness.routing.schema import schema
from harness.routing.verification import Figures, Outcomes, Verified, verify

__all__ = [
    "CALLS",
    "SCORES",
    "Figures",
    "Objective",
    "Outcomes",
    "Verified",
    "address",
    "check_replaces",
    "choose",
    "diff",
    "load",
    "save",
    "schema",
    "verify",
]
