"""What users and labels may take: asks a minute, and dollars. It is held against what they ask before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import OverLimit, WrongUse

MOST_ACCOUNTS = 10_000
"""Beyond so many, those are forgotten that have nothing to their account."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """`rpm` asks a minute, as many of them at once; `usd` within each `period_s` seconds, None: in the router's whole life. None is no limit.

    Raises:
        WrongUse: a number makes no sense.
    """

    usd: float | None = None
    period_s: float | None = DAY_S
    rpm: int | None = None

    def __post_init__(self) -> None:
        if self.rpm is not None and self.rpm < 1:
            raise WrongUse(f"{self.rpm} asks a minute are none at all: an rpm is 1 or more")
        if self.usd is not None and not 0 <= self.usd < math.inf:
            raise WrongUse(f"a budget of ${self.usd} makes no sense")
        if self.period_s is not None and not self.period_s > 0:
            raise WrongUse(f"a budget for {self.period_s} s makes no sense")


class Account:
    """What one of them took of its allowance: a bucket of asks that refills evenly, and dollars spent and set aside in this period."""

    def __init__(self, name: str, allowance: Allowance, now: float) -> None:
        self.name, self.allowance = name, allowance
        self.spent = self.held = 0.0
        self._begun = now
        self._asks, self._filled = float(allowance.rpm or 0), now

    def wait_s(self, now: float) -> float:
        """How long until one more ask is allowed."""
        rpm = self.allowance.rpm
        if rpm is None:
            return 0.0
        self._asks = min(float(rpm), self._asks + (now - self._filled) * rpm / 60.0)
        self._filled = now
        return max(0.0, (1.0 - self._asks) * 60.0 / rpm)

    def take(self) -> None:
        """One ask."""
        self._asks -= 1.0

    def left(self, now: float) -> float:
        """Dollars that are neither spent nor set aside."""
        allowance = self.allowance
        if allowance.usd is None:
            return math.inf
        if allowance.period_s is not None and now - self._begun >= allowance.period_s:
            self._begun, self.spent = now, 0.0
        return allowance.usd - self.spent - self.held

    def anew_s(self, now: float) -> float | None:
        """When its period ends, in seconds; None if it does not."""
        return None if self.allowance.period_s is None else max(0.0, self._begun + self.allowance.period_s - now)

    def idle(self, now: float) -> bool:
        """Whether forgetting it changes nothing."""
        rpm = self.allowance.rpm
        full = rpm is None or (self.wait_s(now) == 0.0 and self._asks >= rpm)
        return full and not self.held and (self.allowance.usd is None or self.left(now) >= self.allowance.usd)


class Purse:
    """The accounts of one ask: what is set aside for the request that is out, and what was spent."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = [one for one in accounts if one.allowance.usd is not None]

    def __bool__(self) -> bool:
        return bool(self._accounts)

    def lacks(self, usd: float | None, now: float) -> Account | None:
        """The account that such a request does not fit into; None is an unknown price, which fits into none."""
        return next((one for one in self._accounts if usd is None or usd > one.left(now)), None)

    def hold(self, usd: float) -> None:
        """Set it aside."""
        for one in self._accounts:
            one.held += usd

    def settle(self, held: float, spent: float) -> None:
        """The request that so much was set aside for has ended, and cost so much."""
        for one in self._accounts:
            one.held = max(0.0, one.held - held)
            one.spent += spent


class Allowances:
    """The accounts of all users and labels. A key is a label, whose every value has an account of its own ("user"), or one value of it ("user:ann")."""

    def __init__(self, allowed: Mapping[str, Allowance]) -> None:
        self._allowed = allowed
        self._accounts: dict[str, Account] = {}

    def enter(self, labels: Mapping[str, str], now: float) -> Purse | None:
        """One more ask under these labels; None where nothing is limited.

        Raises:
            OverLimit: a rate or a budget is used up.
        """
        if not self._allowed or not labels:
            return None
        accounts = [*self._of(labels, now)]
        for one in accounts:
            if wait_s := one.wait_s(now):
                raise OverLimit(
                    f"{one.name} may ask {one.allowance.rpm} times a minute, and has: the next is free in {wait_s:.1f} s",
                    wait_s,
                )
            if one.left(now) <= 0:
                raise over(one, now)
        for one in accounts:
            one.take()
        return Purse(accounts)

    def spent(self) -> dict[str, float]:
        """Dollars by account, of those that have a budget."""
        return {name: one.spent for name, one in self._accounts.items() if one.allowance.usd is not None}

    def _of(self, labels: Mapping[str, str], now: float) -> list[Account]:
        found = []
        for label, value in labels.items():
            name = f"{label}:{value}"
            allowance = self._allowed.get(name) or self._allowed.get(label)
            if allowance is not None:
                if name not in self._accounts:
                    self._forget(now)
                    self._accounts[name] = Account(name, allowance, now)
                found.append(self._accounts[name])
        return found

    def _forget(self, now: float) -> None:
        if len(self._accounts) >= MOST_ACCOUNTS:
            self._accounts = {name: one for name, one in self._accounts.items() if not one.idle(now)}


def over(account: Account, now: float, most: float | None = 0.0) -> OverLimit:
    """Why a request that costs at most so much (None: nobody knows) is not sent."""
    anew, usd = account.anew_s(now), account.allowance.usd or 0.0
    if most is None:
        return OverLimit(
            f"{account.name} has a budget, and nobody knows what this may cost at most: give prices, and max_tokens"
        )
    wants = f", and this may cost ${most:.6f}" if most else ""
    again = f"; it begins anew in {anew:.0f} s" if anew is not None else ""
    used = f"${account.spent:.6f} are spent and ${account.held:.6f} set aside"
    return OverLimit(f"the budget of {account.name} is ${usd:.6f}: {used}{wants}{again}", anew)
