import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import routing
from harness.errors import BadInput, StoreError
from harness.judged import Estimate, Route, RoutingTable

SHIFT = Route(
    "tool calls",
    "shift",
    {"b": 0.9, "a": 0.1},
    "a",
    "b",
    0.9,
    Estimate(0.1, 40, 0.02, 0.18),
    None,
    'b is better ("so").',
)
OPEN = Route(
    "math", "insufficient", {"a": 1.0}, "a", "b", 0.6, Estimate(0.01, 4, -0.2, 0.2), 120, "about 120 more cases"
)
LONE = Route("code", "insufficient", {"a": 1.0}, "a", None, None, None, None, "nobody to compare")
TABLE = RoutingTable(
    routes=(LONE, OPEN, SHIFT), objective="quality", margin=0.0, confidence=0.8, prior_mass=30.0, run_ids=("run-1",),
    suite_hashes={"smoke": "s1"}, price_ids=("p1",), simulated=True, created=datetime(2026, 11, 21, 1, 45, tzinfo=UTC), parent="abc",
)  # fmt: skip


def written(tmp_path, table=TABLE):
    path = tmp_path / "routing.toml"
    routing.save(table, path)
    return path


def test_a_table_comes_back_as_it_was(tmp_path):
    assert routing.load(written(tmp_path)) == TABLE


def test_the_first_lines_say_who_wrote_it_and_whether_it_is_simulated(tmp_path):
    lines = written(tmp_path).read_text().splitlines()
    assert lines[:2] == ["# written by harness route; simulated: true", "simulated = true"]
    assert (
        written(tmp_path, replace(TABLE, simulated=False))
        .read_text()
        .startswith("# written by harness route; simulated: false\nsimulated = false")
    )


def test_the_same_table_gives_the_same_bytes_and_leaves_nothing_beside_it(tmp_path):
    first = written(tmp_path).read_bytes()
    assert written(tmp_path).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["routing.toml"]


names = st.text(min_size=1, max_size=12)


@given(provider=names, capability=names, why=st.text(max_size=40), share=st.floats(0, 1))
def test_any_names_and_words_survive(tmp_path_factory, provider, capability, why, share):
    route = replace(
        SHIFT,
        capability=capability,
        why=why,
        weights={provider: share, provider + "2": 1 - share},
        incumbent=provider,
        challenger=provider + "2",
    )
    table = replace(TABLE, routes=(route,))
    assert routing.load(written(tmp_path_factory.mktemp("any"), table)) == table


def test_what_is_written_keeps_to_the_schema(tmp_path):
    data = tomllib.loads(written(tmp_path).read_text())
    jsonschema.Draft202012Validator.check_schema(routing.schema())
    jsonschema.validate(json.loads(json.dumps(data, default=datetime.isoformat)), routing.schema())


def test_the_address_is_of_what_a_table_says():
    elsewhere = TABLE.created.astimezone(timezone(timedelta(hours=9)))
    assert routing.address(replace(TABLE, created=elsewhere)) == routing.address(TABLE)
    assert routing.address(replace(TABLE, margin=0.01)) != routing.address(TABLE)
    assert len(routing.address(TABLE)) == 16


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(StoreError, match=r"routing\.toml cannot be written"):
        routing.save(TABLE, tmp_path / "nowhere" / "routing.toml")


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("simulated = true\n", "", None, "'simulated' is missing"),
        ("simulated = true\n", "simulated = 1\n", 2, "simulated: 1 is not true or false"),
        ("version = 1", "version = 7", 3, "version: 7 is not 1"),
        ("created = 2026-11-21 01:45:00+00:00", 'created = "soon"', 5, "created: 'soon' is not a date and time with its offset"),
        ("created = 2026-11-21 01:45:00+00:00", "created = 2026-11-21T01:45:00", 5, "is not a date and time with its offset"),
        ('"quality"', '""', 6, "objective: '' is not a text"),
        ("margin = 0.0", "margin = true", 7, "margin: True is not a number"),
        ("confidence = 0.8", "confidence = 1.8", 8, "confidence: 1.8 is not from 0 to 1"),
        ("prior_mass = 30.0", "prior_mass = -1", 9, "prior_mass: -1 is not from 0 to …"),
        ('"run-1"', "7", None, "run_ids.0: 7 is not a text"),
        ("n_needed = 120", "n_needed = 1.5", None, "routes.math.n_needed: 1.5 is not a whole number"),
        ('decision = "shift"', 'decision = "maybe"', None, "'maybe' is not shift or hold or insufficient"),
        ("n_needed = 120", "needed = 120", None, "routes.math.needed: unknown key 'needed'; known are decision, incumbent"),
        ("b = 0.9", "b = 0.7", None, "routes.tool calls.weights: the weights sum to 0.8, not to 1"),
        ("b = 0.9", "b = nan", None, "nan is not from 0 to 1"),
        ('incumbent = "a"\nwhy', 'incumbent = "z"\nwhy', None, "the incumbent 'z' has no weight"),
        ('challenger = "b"\nprobability = 0.9', 'challenger = "y"\nprobability = 0.9', None, "a shift needs a challenger with a weight"),
        ("[suite_hashes]", "[suite_hashes", None, ""),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_what_is_wrong_and_where(tmp_path, old, new, line, complaint):
    path = written(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        routing.load(path)
    problem = caught.value.problems[0]
    assert problem.file == path
    assert complaint in problem.message
    assert line is None or problem.line == line


def test_every_problem_is_listed(tmp_path):
    path = written(tmp_path)
    path.write_text(
        path.read_text().replace("margin = 0.0", "margin = 2").replace("simulated = true", 'simulated = "yes"')
    )
    with pytest.raises(BadInput) as caught:
        routing.load(path)
    assert len(caught.value.problems) == 2


def test_a_table_where_a_text_should_be_is_refused(tmp_path):
    path = tmp_path / "routing.toml"
    path.write_text("routes = 3\n")
    with pytest.raises(BadInput, match="routes: 3 is not a table"):
        routing.load(path)
