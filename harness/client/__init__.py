"""The one door to providers: litellm translates, we transport.

A request is built by litellm's classes for the provider (`translate`), or by what is known of them (`forms`), goes out on our own transport (`transport`), and comes back as raw bytes with
the moments at which they arrived; a wire (`wires/`) decodes them after the last byte. What no wire serves goes through litellm (`via_litellm`).

Where to look, each group asking only of those after it:

- what callers hold: `client`, `streaming` with `deltas` and `listening`, `embeddings` and `embedded`, `listing`, `health`, `estimate`, `sync`;
- one call: `session` (slots, connections), `calls`, `replays` and `cache`, `retries`, `limits/`, `validation`, `timing`, `lag`, `slices`;
- the request: `translate`, `forms` and `templates`, `door` (litellm itself); what is no question: `plain`, with the families `embedders/` and `listers/`;
- the socket: `transport`, `line`, `watch`, `network`; what litellm calls: `via_litellm`, `embeddings_via_litellm`, `aside`;
- what it comes to: the family `wires/`, `failures`, `tokens`, `cost`, `masking`, `metadata`.
"""

from __future__ import annotations

from harness.client.cache import Cache
from harness.client.client import Client
from harness.client.cost import cost_of, max_output, most_it_can_cost
from harness.client.deltas import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from harness.client.door import preload
from harness.client.embeddings import Embeddings
from harness.client.estimate import Estimate, estimate_cost
from harness.client.limits import MOST_ADAPTIVE
from harness.client.listers import Model
from harness.client.listing import Availability, Listing
from harness.client.metadata import Labels, cleaned
from harness.client.replays import key_of
from harness.client.streaming import Stream
from harness.client.sync import wait
from harness.client.validation import Facts

__all__ = [
    "MOST_ADAPTIVE",
    "Availability",
    "Cache",
    "Client",
    "Delta",
    "Embeddings",
    "Estimate",
    "Facts",
    "Labels",
    "Listing",
    "Model",
    "ReasoningDelta",
    "Stream",
    "TextDelta",
    "ToolCallDelta",
    "cleaned",
    "cost_of",
    "estimate_cost",
    "key_of",
    "max_output",
    "most_it_can_cost",
    "preload",
    "wait",
]
