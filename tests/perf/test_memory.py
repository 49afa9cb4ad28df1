"""Memory does not grow with the number of trials: each number in a process of its own, asked at once and recorded for real."""

import subprocess
import sys

import pytest

MOST_MB = 300


@pytest.mark.benchmark(group="peak memory")
@pytest.mark.parametrize("trials", [1_000, 10_000, 100_000])
def test_peak_memory(benchmark, trials, tmp_path):
    """While asking it is the same for any number of trials, and below 300 MB to the end; a test among others asks a hundredth."""
    asked = trials if benchmark.enabled else trials // 100
    words = [sys.executable, "-m", "tests.perf.many_trials", str(asked), str(tmp_path)]
    said = benchmark.pedantic(
        lambda: subprocess.run(words, capture_output=True, text=True, check=True).stdout, rounds=1
    )
    done, asking_mb, closed_mb = map(float, said.split())
    benchmark.extra_info["peak MB while asking, and to the end"] = (asking_mb, closed_mb)
    assert done == asked
    assert 0 < asking_mb <= closed_mb < MOST_MB
