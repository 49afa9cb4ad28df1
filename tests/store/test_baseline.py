import orjson
import pandas as pd
import pytest

from harness import standing, store
from harness.comparing import LAYOUT
from harness.errors import StoreError, WrongUse
from tests.stats.tables import Table

ABOUT = {"run_id": "r1", "created": "2026-11-21T09:00:00+00:00", "harness_version": "0.1.0"}


def outcomes() -> pd.DataFrame:
    made = Table()
    for number in range(6):
        made.trial(
            f"c{number}, with a comma", float(number % 2), cluster="k" if number < 3 else None, latency_s=1.23456789 / (number + 1),
            params_json='{"model":"m","temperature":0}', model_served="m-1", saturated=number == 5,
        )  # fmt: skip
    made.trial("lost", state="failed", fails=[("overloaded", "provider")], provider="b", simulated=True)
    return standing.outcomes(*made.frames())


def test_a_baseline_gives_back_what_comparisons_need(tmp_path):
    table = outcomes()
    size = store.save_baseline(tmp_path, ABOUT, table, LAYOUT)
    kept = store.load_baseline(tmp_path, LAYOUT)
    back = standing.typed(kept.outcomes)
    order = ["provider", "suite", "case_id"]
    ours, theirs = (
        one.sort_values(order).reset_index(drop=True)[[name for name in table if name != "state"]]
        for one in (table, back)
    )
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-5)
    assert (kept.run_id, kept.bytes, kept.texts.empty) == ("r1", size, True)
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) == size


def test_a_run_equals_its_own_baseline(tmp_path):
    table = outcomes()
    store.save_baseline(tmp_path, ABOUT, table, LAYOUT)
    cells = standing.compare(standing.typed(store.load_baseline(tmp_path, LAYOUT).outcomes), table)
    assert {one.n_missing + one.n_added + one.n_barred for one in cells} == {0}
    assert not {one.verdict for one in cells} & {"regressed", "improved", "missing"}


def test_texts_are_kept_only_if_asked_and_a_new_baseline_drops_those_of_the_old(tmp_path):
    table = outcomes()
    texts = table[["provider", "suite", "capability", "case_hash"]].assign(
        prompt="p", reply="\x1b[31m\x00", reason=None
    )
    store.save_baseline(tmp_path, ABOUT, table, LAYOUT, texts)
    assert list(store.load_baseline(tmp_path, LAYOUT).texts["reply"]) == ["\x1b[31m\x00"] * len(table)
    store.save_baseline(tmp_path, ABOUT, table, LAYOUT)
    assert store.load_baseline(tmp_path, LAYOUT).texts.empty
    assert {one.name for one in tmp_path.iterdir()} == {"baseline.json", "cases.csv", "outcomes.csv"}


def test_what_is_no_baseline_is_said_to_be_none(tmp_path):
    with pytest.raises(WrongUse, match="holds no baseline yet: `harness bless RUN` makes one"):
        store.load_baseline(tmp_path, LAYOUT)
    store.save_baseline(tmp_path, ABOUT, outcomes(), LAYOUT)
    (tmp_path / "cases.csv").write_text("suite,case_id,case_hash,capability,cluster\n")
    with pytest.raises(StoreError, match=r"is not a baseline: .*`harness bless RUN` writes it anew"):
        store.load_baseline(tmp_path, LAYOUT)
    about = orjson.loads((tmp_path / "baseline.json").read_bytes())
    (tmp_path / "baseline.json").write_bytes(orjson.dumps({**about, "version": 99}))
    with pytest.raises(StoreError, match="was blessed by a newer llm-harness"):
        store.load_baseline(tmp_path, LAYOUT)
