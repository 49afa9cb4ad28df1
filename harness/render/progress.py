"""The progress of a run, by tqdm: trials done, failures, spend, time left."""

from __future__ import annotations

import sys
from typing import Never, Self, TextIO

from tqdm import tqdm

from harness.render.figures import usd
from harness.told import Tally


class Bar:
    """A bar on `file` (standard error by default), drawn anew ten times a second; every ten seconds where that is no terminal.

    Use it as a context manager and call it with each `Tally`.
    """

    def __init__(self, planned: int, file: TextIO | None = None, *, simulated: bool = False) -> None:
        out = file or sys.stderr
        live = out.isatty()
        self._unit = "simulated spend" if simulated else "spend"
        self._bar: tqdm[Never] = tqdm(
            total=planned,
            desc="asking",
            unit="trial",
            file=out,
            dynamic_ncols=live,
            ncols=None if live else 100,
            mininterval=0.1 if live else 10.0,
            bar_format="{desc} {percentage:3.0f}% {bar} {n_fmt}/{total_fmt}{postfix} [{elapsed}<{remaining}]",
        )

    def __call__(self, tally: Tally) -> None:
        """Show how far the run is."""
        spent = f"{usd(tally.spend_usd)} {self._unit}" + (f" + {tally.unpriced} unpriced" if tally.unpriced else "")
        self._bar.set_postfix_str(f"{tally.failed} failed, {spent}", refresh=False)
        self._bar.update(tally.done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.refresh()
        self._bar.close()
