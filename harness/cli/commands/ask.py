"""Ask one question and print the answer, in a terminal while it comes. The provider is a registered name or a model's name."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext

from harness.cli import options as shared
from harness.errors import ExitCode, WrongUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`harness ask QUESTION --model NAME`."""
    parser.add_argument("question", help="what to ask; - reads it from standard input")
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="a registered provider, or a model such as gpt-4o-mini"
    )
    parser.add_argument(
        "--base-url", metavar="URL", help="where the model is served; a server on this machine needs no key"
    )
    parser.add_argument("--system", metavar="TEXT", help="the system message")
    parser.add_argument("--max-tokens", type=shared.whole(1), metavar="N", help="the longest reply")
    parser.add_argument("--no-stream", action="store_true", help="ask for the reply in one piece")
    shared.add_cache(parser, on=True)
    shared.add_patience(parser)
    shared.add_providers(parser)
    shared.add_json(parser)


def main(options: argparse.Namespace) -> ExitCode:
    """Print the answer, or why there is none."""
    from harness.ask import Prompt
    from harness.cli import asking, story

    question = sys.stdin.read() if options.question == "-" else options.question
    if not question.strip():
        raise WrongUse("the question is empty")
    system = [{"role": "system", "content": options.system}] if options.system else []
    prompt = Prompt((*system, {"role": "user", "content": question}))
    params = {"max_tokens": options.max_tokens} if options.max_tokens else {}
    places, patience, cache = shared.places(options), shared.patience(options), shared.cache(options)
    with cache or nullcontext(), asking.open_asker(options.model, places, options.base_url, patience, cache) as asker:
        live = sys.stdout.isatty() and not options.json and not options.no_stream
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
        calls = "\n".join(f"{call.name}({call.arguments})" for call in attempt.reply.tool_calls)
        if not (live and attempt.reply.text):
            print(attempt.reply.text or calls)
        print(story.call_in_a_line(attempt), file=sys.stderr)
    return ExitCode.FINE if attempt.ok else ExitCode.BELOW
