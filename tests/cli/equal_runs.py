"""Run after run of the same simulated services over HTTP, each held against the one before it: how many raise an alarm (`make calibrate`)."""

import argparse
import os
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import call
from tests.cli.test_regression import PROFILE, record, write_suites


def alarms(folder: Path, seeds: int) -> int:
    """How many of so many pairs of runs end with exit code 1."""
    write_suites(folder)
    usual = PROFILE.format(0.97)
    found = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for seed in range(seeds + 1):
            record(folder, f"[swift]\n{usual}[other]\n{usual}", seed, patch)
            if seed:
                found += call("compare").code != 0
    return found


def main() -> None:
    """Print the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="pairs of runs (default: 20)")
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HARNESS_CACHE_DIR"] = folder
        found = alarms(Path(folder), seeds)
    print(f"Equal runs of the simulated fleet: {seeds - found} of {seeds} raise no alarm (promised: 19 of 20)")


if __name__ == "__main__":
    main()
