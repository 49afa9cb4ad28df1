"""The command line: one short file for each command, loaded only when it is the one that was asked for."""

from harness.cli.app import main

__all__ = ["main"]
