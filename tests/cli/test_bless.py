import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.comparing import OLD_DAYS, baseline_side
from harness.errors import ExitCode
from harness.settings import Places
from tests.cli.conftest import call


def test_a_blessed_run_is_what_the_next_is_held_against(copied):
    run = (copied / "latest" / "run").read_text().strip()
    said = call("bless", "--reports", copied)
    assert said.code == ExitCode.FINE
    assert said.out.startswith(f"{run} (simulated) is the baseline: 20 cases, 2 providers, ")
    found = call("compare", "--reports", copied)
    assert found.code == ExitCode.FINE
    assert f"BASE baseline ({run}) and NEW {run} were taken 0 seconds apart" in found.out
    assert "The baseline keeps no texts" in found.out


def test_a_baseline_is_small_and_has_no_texts_unless_asked(copied):
    plain = json.loads(call("bless", "--reports", copied, "--json").out)
    assert (plain["n_outcomes"], plain["simulated"]) == (40, True)
    rows = (copied / "baseline" / "outcomes.csv").stat().st_size
    assert rows / 40 < 100
    assert not (copied / "baseline" / "texts.jsonl").exists()
    assert json.loads(call("bless", "--texts", "--reports", copied, "--json").out)["bytes"] > plain["bytes"]
    assert "What is" in (copied / "baseline" / "texts.jsonl").read_text()
    assert "keeps no texts" not in call("compare", "--reports", copied).out


def test_an_old_baseline_is_said_to_be_old(copied):
    call("bless", "--reports", copied)
    places = Places(reports=copied)
    born = baseline_side(places, datetime.now(UTC)).created
    young, old = (baseline_side(places, born + timedelta(days=days)) for days in (OLD_DAYS - 1, OLD_DAYS))
    assert not any("days old" in note for note in young.notes)
    assert old.notes[0].startswith(f"The baseline is {OLD_DAYS} days old")


def test_an_interrupted_run_is_not_blessed(copied):
    (manifest,) = copied.glob("runs/*/manifest.json")
    manifest.write_text(manifest.read_text().replace('"complete"', '"interrupted"'))
    said = call("bless", "--reports", copied)
    assert said.code == ExitCode.WRONG_USE
    assert "`harness resume` asks the rest" in said.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["baseline"], "holds no baseline yet: `harness bless RUN` makes one of a run"),
        (["previous"], "holds no scored run from before"),
        (["latest", "--json", "--format=markdown"], "both take standard output"),
    ],
)
def test_without_a_base_it_says_how_to_get_one(copied, words, complaint):
    said = call("compare", *words, "--reports", copied)
    assert said.code == ExitCode.WRONG_USE
    assert complaint in said.err
