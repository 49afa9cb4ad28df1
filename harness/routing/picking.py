"""Picking: who answers a question, and who is asked when that one fails.

What can be known before a question comes is kept in a plan, for each profile and capability: who fits, who is well, in which order, with which
shares. A plan holds until somebody's health changes or its time has come, so that a pick is one look at it and one draw.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence

from harness.ask import Prompt
from harness.client.cost import prompt_bound
from harness.client.validation import too_long
from harness.errors import NothingSelected, WrongUse
from harness.registry import Profile, StrategyName
from harness.routing.choice import Choice, Plan
from harness.routing.exploring import Beliefs
from harness.routing.fitting import NOTHING, Wanted, bare, needs_of, why_unfit
from harness.routing.known import Candidate, Known
from harness.routing.live import Live
from harness.routing.strategies import FALLBACKS, STRATEGIES, Asked, performance

ANEW_S = 1.0
"""So often the quickest are ranked anew, as their times change with each reply."""
MOST_PLANS = 256
"""So many plans are kept: who makes up a profile for each question gets a new one each time."""


class Picker:
    """Makes plans and picks by them."""

    def __init__(
        self,
        known: Known,
        lives: Mapping[str, Live],
        usual: StrategyName,
        *,
        beliefs: Beliefs | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.version = 0
        self.known = known
        self._lives = lives
        self._usual = usual
        self._beliefs = beliefs
        self._chance = (rng or random.Random()).random  # noqa: S311 - spreads traffic, keeps no secret
        self._clock = clock
        self._plans: dict[Wanted, Plan] = {}
        contexts = [one.facts.context_tokens for one in known.candidates if one.facts.context_tokens is not None]
        self._least_context = min(contexts, default=math.inf)

    def changed(self) -> None:
        """Plans that were made are not true any more."""
        self.version += 1

    def pick(self, profile: Profile, capability: str | None, prompt: Prompt | None, conversation: str | None) -> Choice:
        """Who answers. Raises NothingSelected where nobody fits."""
        if prompt is None:
            wanted: Wanted = (profile, capability or profile.capability, NOTHING, NOTHING, None)
        else:
            wanted = self.wanted(profile, capability, prompt)
        return self.pick_by(self.plan(wanted), conversation)

    def pick_by(self, plan: Plan, conversation: str | None = None) -> Choice:
        """Who answers, by this plan."""
        if conversation is not None:
            return Choice(plan, plan.stuck(conversation), "as it has this conversation")
        place = next(plan.turn) % len(plan.candidates) if plan.ranking.in_turn else plan.drawn(self._chance())
        if plan.lives[place].busy:
            return self._with_room(plan, place)
        return Choice(plan, place)

    def wanted(self, profile: Profile, capability: str | None, prompt: Prompt) -> Wanted:
        """What the plan is for that this question is picked by. Tokens are counted only where bytes leave it open whether they fit."""
        needs = needs_of(prompt)
        long, size = NOTHING, prompt_bound(prompt)
        if size > self._least_context:
            long = frozenset(
                one.name
                for one in self.known.candidates
                if too_long(one.provider.model, prompt, size, one.facts.context_tokens)
            )
        return profile, capability or profile.capability, needs, long, None

    def plan(self, wanted: Wanted) -> Plan:
        """The plan for what is wanted, as things are now. Raises NothingSelected where nobody fits."""
        plan, now = self._plans.get(wanted), self._clock()
        if plan is None or plan.version != self.version or now >= plan.until:
            turn = plan.turn if plan else None
            plan = self._made(wanted, now)
            plan.turn = turn or plan.turn
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[wanted] = plan
        return plan

    def after(self, plan: Plan, tried: Sequence[str]) -> list[Candidate]:
        """Who is asked when these have failed, in this order: first who is well, at last who is not."""
        profile, now = plan.wanted[0], self._clock()
        if not (profile.fallbacks or self.known.fallback.enabled):
            return []
        fit, _unfit = self._fitting(plan.wanted)
        rest = [one for one in fit if one.name not in tried]
        if profile.fallbacks:
            rest = [one for one in rest if one.name in profile.fallbacks]
            rest.sort(key=lambda one: profile.fallbacks.index(one.name))
        elif rest:
            asked = self._asked(plan.wanted)
            names = FALLBACKS[self.known.fallback.strategy](rest, asked).names
            rest.sort(key=lambda one: names.index(one.name))
        return sorted(rest, key=lambda one: not self._lives[one.name].admits(now))

    def embedders(self, profile: Profile, model: str | None) -> Wanted:
        """What the plan is for that texts are embedded by: one model, since vectors of two do not compare.

        Raises:
            WrongUse: nobody embeds, or several models could.
        """
        fit, _unfit = self._fitting((profile, profile.capability, NOTHING, NOTHING, None))
        models = sorted({bare(one.provider.embedding_model) for one in fit if one.provider.embedding_model})
        if model is None and len(models) > 1:
            raise WrongUse(f"vectors of different models do not compare: name one, model= {' or '.join(models)}")
        if not models:
            raise WrongUse("no provider that could be asked names an embedding_model in providers.toml")
        return profile, profile.capability, NOTHING, NOTHING, bare(model or models[0])

    def _with_room(self, plan: Plan, full: int) -> Choice:
        """Another one where the one that was picked has no slot free, if there is one."""
        free = [number for number, live in enumerate(plan.lives) if not live.busy]
        if not free:
            return Choice(plan, full, "where it waits, as everybody's slots or rates are used up")
        shares = [plan.weights[number] for number in free]
        place = free[0]
        if sum(shares) > 0:
            chance = self._chance() * sum(shares)
            while chance >= plan.weights[place] and len(free) > 1:
                chance -= plan.weights[free.pop(0)]
                place = free[0]
        return Choice(plan, place, f"as {plan.candidates[full].name} has no slot free, or its rate is used up")

    def _made(self, wanted: Wanted, now: float) -> Plan:
        fit, unfit = self._fitting(wanted)
        if not fit:
            reasons = "".join(f"\n    {name} {reason}" for name, reason in unfit.items())
            raise NothingSelected(f"no provider can be asked this:{reasons}")
        unwell = {one.name: self._lives[one.name].why_not(now) for one in fit}
        well = [one for one in fit if not unwell[one.name]]
        strategy = STRATEGIES[wanted[0].strategy or self._usual]
        ranking = strategy(well or fit, self._asked(wanted))
        by_name = {one.name: one for one in fit}
        plan = Plan(
            wanted, ranking, [by_name[name] for name in ranking.names], [self._lives[name] for name in ranking.names]
        )
        if self._beliefs is not None and not ranking.in_turn:
            weights, plan.price = self._beliefs.explored(plan.candidates, ranking.weights, wanted[1])
            plan.share(weights)
        plan.unfit = unfit
        plan.unwell = {name: reason for name, reason in unwell.items() if reason and well}
        plan.version = self.version
        plan.until = min(self._lives[one.name].until(now) for one in fit)
        if strategy is performance:
            plan.until = min(plan.until, now + ANEW_S)
        return plan

    def _asked(self, wanted: Wanted) -> Asked:
        profile, capability = wanted[:2]
        return Asked(
            capability, self.known.routes, lambda one: self._lives[one.name].typical_s, order=profile.providers
        )

    def _fitting(self, wanted: Wanted) -> tuple[list[Candidate], dict[str, str]]:
        """Who can be asked this at all, and why the others cannot."""
        unfit = dict(self.known.not_ready)
        fit = []
        for one in self.known.candidates:
            reason = why_unfit(one, wanted)
            if reason:
                unfit[one.name] = reason
            else:
                fit.append(one)
        return fit, unfit
