"""What README says of the router is so: its example is run as it stands there."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from harness.routing import BreakerOptions, save
from tests.routing.switchable import looped, services, table

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## You route\n")[2].partition("\n## ")[0]
REGISTRY = '[[providers]]\nname = "mine"\nmodel = "openai/gpt-4o-mini"\nbase_url = "{}/v1"\napi_key = "none"\ncapabilities = ["tools"]\nmax_tokens = 9\n'


@looped
async def test_the_example_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    async with services("mine") as (mine,):
        (tmp_path / "reports").mkdir()
        (tmp_path / "providers.toml").write_text(REGISTRY.format(mine.url), encoding="utf-8")
        save(table({"arithmetic": {"mine": 1.0}}), tmp_path / "reports" / "routing.toml")
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "mine by the measured weights for 'arithmetic' (100 % of the traffic), of 1 who can answer" in done.stdout
    assert "by mine mine None" in done.stdout
    assert "TextDelta(text='by" in done.stdout
    assert "Stats(asks=2, answered=2, failed=0" in done.stdout
    assert list((tmp_path / "reports" / "live" / "runs").glob("*/calls.parquet/*.parquet"))


def test_the_numbers_are_those_of_the_options():
    usual, said = BreakerOptions(), " ".join(SECTION.split())
    assert (
        f"After {usual.failures} failures of the last {usual.window} a provider is left alone for {usual.open_s:g} s"
        in said
    )
