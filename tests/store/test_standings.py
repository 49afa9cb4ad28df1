import json
from pathlib import Path

import pytest

from harness import standing
from harness.errors import BadInput
from tests.stats.tables import Table


def test_standings_come_back_as_they_were():
    table = Table()
    for number in range(60):
        table.trial(f"c{number}", float(number % 2), latency_s=float(number))
    table.trial("x", state="failed", fails=[("overloaded", "provider")])
    found = standing.standings(*table.frames())
    assert standing.from_json(standing.to_json(found)) == found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "these are no standings"),
        ("[]", "these are no standings"),
        ('{"version": 2, "standings": []}', "their version is 2, not 1"),
        ('{"version": 1, "standings": [{"provider": "a"}]}', "'quality'"),
        ('{"version": 1}', "'standings'"),
    ],
)
def test_other_files_are_refused_by_name(text, complaint):
    with pytest.raises(BadInput, match=complaint) as caught:
        standing.from_json(text, Path("latest/standings.json"))
    assert caught.value.problems[0].file == Path("latest/standings.json")


def test_a_field_too_many_is_refused():
    record = json.loads(standing.to_json(standing.standings(*Table().trial("x", 1.0).frames())))
    record["standings"][0]["colour"] = "blue"
    with pytest.raises(BadInput, match="colour"):
        standing.from_json(json.dumps(record))
