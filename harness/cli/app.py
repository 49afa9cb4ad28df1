"""Picks the command, runs it, and turns every error into a plain sentence and an exit code."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import textwrap
import traceback
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from types import MappingProxyType
from typing import Any, Never

from harness.errors import BadInput, ExitCode, HarnessError, WrongUse

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "providers": "say for each registered provider: ready, or why not",
        "models": "the catalogue's facts beside what was measured, and the route",
        "list": "list suites and their cases",
        "validate": "check suites and registry, show the prompts; nothing is sent",
        "run": "ask every ready provider, record, judge, report",
        "resume": "ask what a run has not asked yet, and report it whole",
        "recover": "make a run of what a killed one recorded; nothing is sent",
        "runs": "list the runs: state, suites, providers, trials, spend, time",
        "import": "make a run of outcomes that others recorded: tables, logs of inspect_ai and lm-eval",
        "score": "judge a run's stored replies again; only judges are asked",
        "judge": "check a judge against human labels: agreement and Cohen's kappa",
        "report": "write a run's report again",
        "compare": "hold a run against an earlier one or the baseline: regressed, improved, missing",
        "comment": "write a comparison as the one comment at a pull request on GitHub",
        "bless": "make a run the baseline that later ones are held against",
        "history": "show how figures went over many runs: steps, and whether the last run is unusual",
        "route": "say which routing weights a run supports; --apply writes them",
        "verify": "hold routes against what they replace, on held-out cases; or the chooser against a table",
        "export": "write the routes for litellm, openrouter, envoy, portkey, tensorzero, …",
        "ask": "ask one question",
        "data": "list the published datasets that can be fetched, or fetch one",
        "cache": "list the kept replies, or clear them",
        "simulate": "serve the simulated providers on loopback",
    }
)
"""Each command and what it does; its code is in `harness/cli/commands/<name>.py`."""

EXIT_CODES = "exit codes: 0 fine, 1 below threshold or a provider failed, 2 interrupted, 3 internal error, 4 wrong use, 5 nothing selected"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code (`ExitCode`). `arguments` are those after the program's name."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that knows no "–" gets a "?", not a crash
            stream.reconfigure(errors="replace")
    try:
        return _run(words)
    except BadInput as error:
        files = len({problem.file for problem in error.problems})
        print(f"{error}\nharness: {_many(len(error.problems), 'problem')} in {_many(files, 'file')}", file=sys.stderr)
        return error.exit_code
    except HarnessError as error:
        print(textwrap.indent(str(error), " " * 9).replace(" " * 9, "harness: ", 1), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("harness: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # `harness list | head` is fine
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FINE
    except Exception:  # noqa: BLE001  the last door: a bug is reported as one, with its traceback
        traceback.print_exc()
        print("harness: this is a bug in harness; please report it with the lines above", file=sys.stderr)
        return ExitCode.BROKEN


def _run(words: Sequence[str]) -> int:
    parser = _parser()
    if not words:
        parser.print_help()
        return ExitCode.WRONG_USE
    if words[0].startswith("-") and words[0] not in {"-h", "--help", "--version"}:
        raise WrongUse(f"there is no option '{words[0]}' before the command; `harness --help` tells more")
    name = parser.parse_args(words[:1]).command
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        raise WrongUse(
            f"there is no command '{name}'; "
            + (f"did you mean '{close[0]}'?" if close else "`harness --help` lists them")
        )
    command = importlib.import_module(f"harness.cli.commands.{name}")
    own = Parser(prog=f"harness {name}", description=command.__doc__)
    command.add_arguments(own)
    return int(command.main(own.parse_args(words[1:], argparse.Namespace(words=tuple(words[1:])))))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _parser() -> Parser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="harness",
        description="Which LLM provider to trust with what: run suites, record, judge, route.",
        epilog=f"commands:\n{listing}\n\n`harness COMMAND --help` tells more.\n{EXIT_CODES}",
        usage="harness COMMAND …",
    )
    from harness import __version__

    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    parser.add_argument("command", metavar="COMMAND", help="one of those below")
    return parser


class Parser(argparse.ArgumentParser):
    """Keeps texts as they are written; what it cannot read is wrong use, with the exit code for it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)

    def error(self, message: str) -> Never:
        """Raise what argparse found as `WrongUse`."""
        raise WrongUse(f"{message}; `{self.prog} --help` tells more")
