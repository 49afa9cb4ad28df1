"""The columns that are read for standings and comparisons: a run's prompts and replies are not among them."""

from __future__ import annotations

from harness.stats import CALL_COLUMNS, SCORE_COLUMNS

TIMED = ("provider", "phase", "status", "replayed", "saturated", "ttft_s", "latency_s")
"""Of calls, for plots of latency."""

CALLS = (
    *CALL_COLUMNS, *TIMED, "simulated", "cost_usd", "started_at", "timing_source", "error",
    "scheduled_s", "queue_s", "throttle_s", "connect_s", "response_s", "load_level",
)  # fmt: skip
"""Of calls, for standings, notes and levels of a load."""

CALIBRATED = ("response_id", "prompt_tokens", "completion_tokens")
"""Of calls, for calibration besides."""

COMPARED = (
    *CALL_COLUMNS, *TIMED, "simulated", "cost_usd", "completion_tokens", "case_id", "params_json", "price_id", "model_requested",
    "model_served", "fingerprint",
)  # fmt: skip
"""Of calls, for the outcomes of cases."""

SAID = (*CALL_COLUMNS, "messages_json", "text", "tool_calls_json")
"""Of calls, for what was asked and replied."""

RESULTS = (*SAID, *TIMED, "cost_usd", "completion_tokens", "case_id", "repeat", "error")
"""Of calls, for what each trial came to."""

JUDGED = (*SCORE_COLUMNS, "provider", "suite", "capability", "case_hash", "scorer", "scorer_version", "reason")
"""Of scores, for both."""

SCORES = (*SCORE_COLUMNS, "reason")
"""Of scores."""
