"""What a reply says: its words in plain characters, and whether they refuse. For all who must tell without judging: scorers and cache."""

from __future__ import annotations

from harness.wording.plain import plain, said
from harness.wording.refusals import only_refuses, refuses

__all__ = ["only_refuses", "plain", "refuses", "said"]
