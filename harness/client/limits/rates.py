"""Our own rates, requests and tokens a minute, and pauses that a server asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.ask import JsonObject, Prompt
from harness.client.cost import max_output

MARGIN = 1.01
"""How much further apart than 60/rpm requests go out, since they travel at different speeds."""
CATCH_UP_S = 0.05
"""A request that is woken late is made up for by the next one, up to this; with the margin no minute holds more than the rate."""
USUAL_OUTPUT_TOKENS = 500
USUAL_BYTES_PER_TOKEN = 4


@dataclass(slots=True)
class Need:
    """What one request is thought to take of a limit: tokens of its prompt and of its reply."""

    prompt: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.output


@dataclass(slots=True)
class Pace:
    """A token bucket that holds one request, so that requests go out evenly and not in bursts (GCRA, ITU-T I.371).

    A request is due 60/rpm seconds after the last, and 1 % more, so that no window of 60 s holds more than rpm: a larger bucket could empty itself
    within a window that it refills in as well. `tpm` works alike: a request of n tokens keeps its line busy for 60·n/tpm seconds, by a guess
    which `correct` puts right when they have been counted. Moments are monotonic seconds.
    """

    rpm: int | None = None
    tpm: int | None = None
    requests_at: float = 0.0
    tokens_at: float = 0.0

    def wait(self, now: float) -> float:
        """How long until the next request may go out, in seconds; 0 or less: now."""
        return max(self.requests_at, self.tokens_at) - now

    def take(self, tokens: int, now: float) -> None:
        """A request of about so many tokens goes out."""
        if self.rpm:
            self.requests_at = max(self.requests_at, now - CATCH_UP_S) + 60.0 / self.rpm * MARGIN
        if self.tpm:
            self.tokens_at = max(self.tokens_at, now - CATCH_UP_S) + 60.0 * tokens / self.tpm * MARGIN

    def correct(self, tokens: int) -> None:
        """A request has taken so many tokens more than was thought, or fewer."""
        if self.tpm:
            self.tokens_at += 60.0 * tokens / self.tpm * MARGIN


@dataclass(slots=True)
class Rates:
    """The pace of a provider, or of an account, and until when it is to be left alone (monotonic seconds)."""

    pace: Pace = field(default_factory=Pace)
    paused_until: float = 0.0

    def wait(self, now: float) -> float:
        """How long until the next request may go out, in seconds; 0 or less: now."""
        return max(self.pace.wait(now), self.paused_until - now)

    def pause(self, seconds: float, now: float) -> None:
        """Nothing goes out for so long; a longer pause stays."""
        self.paused_until = max(self.paused_until, now + seconds)


def about(prompt: Prompt, params: JsonObject) -> Need:
    """A guess at the tokens of a request and its reply: four characters a token, and what may be written."""
    size = sum(len(str(message.get("content", ""))) for message in prompt.messages)
    return Need(size // USUAL_BYTES_PER_TOKEN, max_output(params, None) or USUAL_OUTPUT_TOKENS)
