"""A harness that tells which LLM provider to trust with what."""

__version__ = "0.1.0"
