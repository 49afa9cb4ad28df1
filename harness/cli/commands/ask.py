"""Ask one question and print the answer, in a terminal while it comes: of a provider by its name, of a model, or with --route of whoever the router picks."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse

if TYPE_CHECKING:
    from harness.ask import Prompt
    from harness.told import Attempt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness ask QUESTION --model NAME`, `harness ask QUESTION --route`."""
    parser.add_argument("question", help="what to ask; - reads it from standard input")
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--model", metavar="NAME", help="a registered provider, or a model such as gpt-4o-mini")
    whom.add_argument(
        "--route", action="store_true", help="whoever the measured weights say, and others when that one fails"
    )
    parser.add_argument(
        "--base-url", metavar="URL", help="where the model is served; a server on this machine needs no key"
    )
    parser.add_argument("--system", metavar="TEXT", help="the system message")
    parser.add_argument("--max-tokens", type=shared.whole(1), metavar="N", help="the longest reply")
    parser.add_argument("--no-stream", action="store_true", help="ask for the reply in one piece")
    parser.add_argument(
        "--capability", metavar="NAME", help="with --route: what the question is of, as in routing.toml"
    )
    parser.add_argument("--profile", metavar="NAME", help="with --route: a [profiles.NAME] of the registry")
    parser.add_argument(
        "--strategy", metavar="NAME", help="with --route: weighted (default), cost, performance, quality, balanced, …"
    )
    parser.add_argument("--only", type=shared.names, default=(), metavar="NAME,…", help="with --route: only these")
    shared.add_cache(parser, on=True)
    shared.add_patience(parser)
    shared.add_providers(parser)
    shared.add_reports(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Print the answer, or why there is none."""
    from harness.ask import Prompt

    question = sys.stdin.read() if options.question == "-" else options.question
    if not question.strip():
        raise WrongUse("the question is empty")
    system = [{"role": "system", "content": options.system}] if options.system else []
    prompt = Prompt((*system, {"role": "user", "content": question}))
    if options.route:
        return _routed(options, prompt)
    if options.capability or options.profile or options.strategy or options.only:
        raise WrongUse("--capability, --profile, --strategy and --only say whom the router picks: they go with --route")
    return _asked(options, prompt)


def _asked(options: argparse.Namespace, prompt: Prompt) -> ExitCode:
    from harness.cli import asking, story

    params = {"max_tokens": options.max_tokens} if options.max_tokens else {}
    places, patience, cache = shared.places(options), shared.patience(options), shared.cache(options)
    with cache or nullcontext(), asking.open_asker(options.model, places, options.base_url, patience, cache) as asker:
        live = _live(options)
        attempt = (
            asker.print_as_it_comes(prompt, **params)
            if live
            else asker.attempt(prompt, stream=not options.no_stream, **params)
        )
    if options.json:
        story.print_json(attempt)
    elif attempt.failure:
        print(
            f"harness: {options.model} did not answer: {attempt.failure.kind}: {attempt.failure.error}", file=sys.stderr
        )
    else:
        _print(attempt, live=live)
    return ExitCode.FINE if attempt.ok else ExitCode.BELOW


def _routed(options: argparse.Namespace, prompt: Prompt) -> ExitCode:
    from dataclasses import replace

    from harness.cli import routed, story
    from harness.registry import Profile
    from harness.routing import RouterOptions

    if options.base_url:
        raise WrongUse("--base-url is for one --model; the router asks those of the registry")
    places, patience, cache = shared.places(options), shared.patience(options), shared.cache(options)
    sources = routed.sources_of(places, options.only)
    with cache or nullcontext(), routed.open_router(sources, places, RouterOptions(cache=cache), patience) as router:
        profile = router.profile(options.profile) if options.profile else Profile()
        said = {name: getattr(options, name) for name in ("capability", "strategy") if getattr(options, name)}
        more = {"max_tokens": options.max_tokens} if options.max_tokens else {}
        profile = replace(
            profile, **said, params={**profile.params, **more}, stream=profile.stream and not options.no_stream
        )
        live = _live(options)
        told = routed.asked(router, prompt, profile, live=live)
    if options.json:
        choice = {"provider": told.choice.name, "why": told.choice.why, "left_out": dict(told.choice.left_out)}
        story.print_json({"provider": told.provider, "choice": choice, "attempts": list(told.attempts)})
    else:
        _print(told.attempt, live=live)
        print(f"({told.choice.why})", file=sys.stderr)
    return ExitCode.FINE


def _live(options: argparse.Namespace) -> bool:
    return sys.stdout.isatty() and not options.json and not options.no_stream


def _print(attempt: Attempt, *, live: bool) -> None:
    from harness.cli import story

    calls = "\n".join(f"{call.name}({call.arguments})" for call in attempt.reply.tool_calls)
    if not (live and attempt.reply.text):
        print(attempt.reply.text or calls)
    print(story.call_in_a_line(attempt), file=sys.stderr)
