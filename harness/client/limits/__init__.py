"""Our own limits on a provider and on its account, and those that the server tells: how many at once, how many a minute.

`Accounts` knows what outlives an event loop: rates, what servers have said, the concurrency that was found. `Gates` are those of one loop, at which
requests to a provider wait for a slot and for the rate; afterwards the gate hears how the request ended.
"""

from harness.client.limits.accounts import Accounts, Gates
from harness.client.limits.adaptive import MOST_ADAPTIVE, Change, Search
from harness.client.limits.gate import Gate, Heard, Lane, Place, Waited
from harness.client.limits.rates import Need, Pace, Rates, about
from harness.client.limits.slots import Slots
from harness.client.limits.told import Notice, Told, notices

__all__ = [
    "MOST_ADAPTIVE",
    "Accounts",
    "Change",
    "Gate",
    "Gates",
    "Heard",
    "Lane",
    "Need",
    "Notice",
    "Pace",
    "Place",
    "Rates",
    "Search",
    "Slots",
    "Told",
    "Waited",
    "about",
    "notices",
]
