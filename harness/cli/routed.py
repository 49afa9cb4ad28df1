"""One question through the router, for `harness ask --route`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from harness.ask import Prompt
from harness.cli import fleet
from harness.cli.asking import keys_of
from harness.client import TextDelta, wait
from harness.registry import Profile
from harness.routing import Routed, Router, RouterOptions, Sources, known
from harness.settings import Patience, Places


@contextmanager
def open_router(sources: Sources, places: Places, options: RouterOptions, patience: Patience) -> Iterator[Router]:
    """A `Router` over the registry and the routes in force; simulated providers are served, and know the suites' answer keys.

    Raises:
        BadInput, WrongUse, NothingSelected: as `Router.load`.
    """
    found = known(sources)
    with ExitStack() as stack:
        unserved = [one.provider for one in found.candidates if one.provider.simulated and not one.provider.base_url]
        if unserved:
            found = found.at(stack.enter_context(fleet.serve(unserved, keys_of(places))))
            options = replace(options, cache=None)  # it costs nothing, and what it answers changes with the suites
        patient = tuple(replace(one, provider=patience.of(one.provider)) for one in found.candidates)
        yield Router(lambda: replace(found, candidates=patient), options)


def sources_of(places: Places, only: tuple[str, ...]) -> Sources:
    """What the router reads."""
    return Sources(places.providers, places.reports, only, os.environ)


def asked(router: Router, prompt: Prompt, profile: Profile, *, live: bool) -> Routed:
    """Ask, and where it is `live` print the answer's text while it comes. Raises as `Router.ask`."""
    if not live:
        return wait(router.ask(prompt, profile))
    stream, begun = router.stream(prompt, profile), False
    try:
        for piece in wait(stream):
            if isinstance(piece, TextDelta):
                print(piece.text, end="", flush=True)
                begun = True
    finally:
        if begun:
            print()
    return stream.routed
