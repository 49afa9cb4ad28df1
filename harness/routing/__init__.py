"""Weights that the evidence supports, `reports/routing.toml`, and the router that asks by them.

Where to look for the router: `router` is what callers hold; `picking` with `choice`, `fitting` and the family `strategies/` says who is asked, `course` with `breaker`,
`live` and `allowances` how long, how often and on whose account; `streams`, `routed`, `ledger`, `recording` and `exploring` are what comes of it.
"""

from harness.routing.allowances import Allowance
from harness.routing.breaker import BreakerOptions
from harness.routing.changes import check_replaces, diff
from harness.routing.choice import Choice
from harness.routing.choose import choose, choose_from
from harness.routing.crossfit import Proof, Way, cross_fit, objection
from harness.routing.evidence import CALLS, SCORES, Evidence
from harness.routing.exploring import Explore
from harness.routing.file import address, load, save
from harness.routing.known import Known, Sources, known
from harness.routing.objective import Objective
from harness.routing.recording import Record
from harness.routing.routed import Caller, Routed, RoutedEmbeddings, Stats
from harness.routing.router import Router, RouterOptions
from harness.routing.schema import schema
from harness.routing.streams import RoutedStream
from harness.routing.verification import Figures, Outcomes, Verified, verify

__all__ = [
    "CALLS",
    "SCORES",
    "Allowance",
    "BreakerOptions",
    "Caller",
    "Choice",
    "Evidence",
    "Explore",
    "Figures",
    "Known",
    "Objective",
    "Outcomes",
    "Proof",
    "Record",
    "Routed",
    "RoutedEmbeddings",
    "RoutedStream",
    "Router",
    "RouterOptions",
    "Sources",
    "Stats",
    "Verified",
    "Way",
    "address",
    "check_replaces",
    "choose",
    "choose_from",
    "cross_fit",
    "diff",
    "known",
    "load",
    "objection",
    "save",
    "schema",
    "verify",
]
