"""Whose limits are whose: each provider has its own, and those with the same account share the account's."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping

from harness.ask import Account, Provider
from harness.client.limits.adaptive import Search
from harness.client.limits.gate import Gate, Lane
from harness.client.limits.rates import Pace, Rates
from harness.client.limits.slots import Slots
from harness.client.limits.told import Told


class Accounts:
    """What is known of providers and accounts as long as a client lives; `Gates` are made of it for each event loop."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._own: dict[str, Rates] = {}
        self._shared: dict[Hashable, Rates] = {}
        self._told: dict[Hashable, Told] = {}
        self._searches: dict[str, Search] = {}

    @property
    def searches(self) -> Mapping[str, Search]:
        """The searches for the most requests in flight, by provider's name; of those whose concurrency is adaptive."""
        return self._searches

    def own(self, provider: Provider) -> Rates:
        """The provider's own rates."""
        limits = provider.limits
        return self._own.setdefault(provider.name, Rates(Pace(limits.rpm, limits.tpm)))

    def shared(self, provider: Provider) -> Rates:
        """The rates of its account."""
        account = provider.account or Account("")
        return self._shared.setdefault(provider.account_key, Rates(Pace(account.rpm, account.tpm)))

    def wait_s(self, provider: Provider) -> float:
        """How long a request to it would wait now for our own rates, its own and its account's, and for pauses that were asked for; at least 0."""
        now = self.clock()
        return max(0.0, self.own(provider).wait(now), self.shared(provider).wait(now))

    def told(self, provider: Provider) -> Told:
        """What was told of the account's limits on the provider's model: servers limit each model by itself."""
        return self._told.setdefault((provider.account_key, provider.model), Told())

    def search(self, provider: Provider) -> Search | None:
        """The search for its concurrency, if that is adaptive."""
        if not provider.limits.adaptive:
            return None
        if provider.name not in self._searches:
            self._searches[provider.name] = Search(provider.limits.at_once, self.clock())
        return self._searches[provider.name]


class Gates:
    """The gates of one event loop."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._lanes: dict[Hashable, Lane] = {}
        self._gates: dict[str, Gate] = {}

    def of(self, provider: Provider) -> Gate:
        """The provider's gate."""
        if provider.name not in self._gates:
            known = self._accounts
            search = known.search(provider)
            own = Lane(Slots(search.width if search else provider.limits.at_once), known.own(provider))
            gate = Gate(own, self._account(provider), known.told(provider), search, known.clock)
            self._gates[provider.name] = gate
        return self._gates[provider.name]

    def _account(self, provider: Provider) -> Lane:
        key = provider.account_key
        if key not in self._lanes:
            most = provider.account.max_concurrency if provider.account else None
            self._lanes[key] = Lane(Slots(most), self._accounts.shared(provider))
        return self._lanes[key]
