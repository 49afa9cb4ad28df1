"""The bench: which registered models may judge whose replies, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from harness import scorers
from harness.ask import Criterion, Provider
from harness.errors import WrongUse
from harness.registry import Catalogue, ModelFacts, Readiness, Registry, families_of, readiness


@dataclass(frozen=True)
class Bench:
    """Who may judge: the registered providers that say so, or those of these names."""

    registry: Registry
    catalogue: Catalogue
    named: tuple[str, ...] = ()

    def candidates(self, criterion: Criterion, judged: Provider) -> list[Provider]:
        """Who may answer a criterion's questions about a provider's replies, in the order of preference, ready or not.

        Those that the criterion names, otherwise those of `--judge`, otherwise the registered ones. A judge is not of the judged model's family, unless
        the criterion allows it. Simulated replies are judged by simulated judges and by nobody else, whoever is named: neither pays for the other.

        Raises:
            WrongUse: nobody may; it says why and what to do.
        """
        scorer, options = scorers.scorer_of(criterion)
        asks = scorer.asks
        assert asks is not None
        names = asks.named(options) or (self.named if asks.whom == "judge" else ())
        entries = [self.registry.get(name) for name in names]
        if not entries or (judged.simulated and not any(one.provider.simulated for one in entries)):
            entries = [one for one in self.registry.entries if asks.whom == "embedder" or one.judge]
        found = [one.provider for one in entries if bool(one.provider.simulated) == bool(judged.simulated)]
        if asks.whom == "embedder":
            found = [_embedding(one) for one in found if one.embedding_model]
            if not found:
                raise WrongUse(
                    f"{criterion.scorer} needs a provider that embeds: give one its embedding_model in {self.registry.path}"
                )
            return found
        if not found:
            what = "simulated " if judged.simulated else ""
            raise WrongUse(
                f"replies of {judged.name} are to be judged by a model, and no {what}provider is a judge\n"
                f"name one with --judge NAME, or say judge = true in its entry in {self.registry.path}"
            )
        kin = families_of(judged)
        others = [one for one in found if asks.same_family(options) or not kin & families_of(one)]
        if not others:
            names = tuple(one.name for one in found)
            raise WrongUse(
                f"{judged.name} would be judged by its own family ({', '.join(sorted(kin))}): {', '.join(names)}\n"
                "name a judge of another family with --judge NAME, or allow it: {judge: {same_family: true, …}}"
            )
        return [self.priced(one) for one in others]

    def chosen(self, candidates: Sequence[Provider]) -> Provider:
        """The first that is ready. Raises WrongUse where none is."""
        for one in candidates:
            if self._ready(one.name).ready:
                return one
        said = "; ".join(f"{one.name}: {self._ready(one.name).reason}" for one in candidates)
        raise WrongUse(f"nobody who may judge is ready: {said}")

    def priced(self, provider: Provider) -> Provider:
        """With the prices that its costs are counted by."""
        return replace(provider, prices=self.facts(provider).prices)

    def facts(self, provider: Provider) -> ModelFacts:
        """What is known of its model; an embedding writes nothing."""
        known = self.catalogue.facts(self.registry.get(provider.name))
        return replace(known, max_output_tokens=0, context_tokens=None) if _embeds(provider) else known

    def _ready(self, name: str) -> Readiness:
        if name not in self._known:
            self._known[name] = readiness(self.registry.get(name))
        return self._known[name]

    @cached_property
    def _known(self) -> dict[str, Readiness]:
        return {}


def _embedding(provider: Provider) -> Provider:
    """The provider as one whose model is its embedding model, which writes nothing."""
    prices = provider.embedding_prices
    free = None if prices is None else replace(prices, output=prices.output or 0.0)
    return replace(provider, model=provider.embedding_model or "", prices=free)


def _embeds(provider: Provider) -> bool:
    return provider.model == provider.embedding_model
