from pathlib import Path

import pytest

from harness.store import columns
from harness.told import SIDES

PAGE = (Path(__file__).parents[2] / "reports" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", [*columns.CALLS, *columns.SCORES], ids=lambda field: field.name)
def test_every_column_stands_on_the_page_with_its_meaning(field):
    unit = (field.metadata.get(b"unit") or b"").decode()
    assert f"| `{field.name}` | {unit} | {field.metadata[b'description'].decode()} |" in PAGE


def test_every_kind_of_failure_stands_on_the_page():
    assert not [kind for kind in SIDES if kind not in PAGE]
