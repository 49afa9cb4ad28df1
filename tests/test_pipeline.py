"""The story from Python: `import harness` and no command line, against the simulated fleet over real HTTP."""

import asyncio
import gc
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import harness
from harness import deciding, pipeline
from harness.cli import fleet
from harness.errors import BadInput, NothingSelected, WrongUse
from harness.judged import ALL
from harness.routing import Objective
from tests.cli.conftest import _environment, project
from tests.cli.loopback import loopback

__all__ = ["_environment", "project"]
COW = harness.Selection(only=("sim-swift",), keyword="cow")


def test_run_asks_records_judges_and_reports(project):
    finished = harness.run(selection=harness.Selection(only=("sim-swift", "sim-careful"), limit=1))
    report = finished.report
    assert (report.trials, report.planned, report.simulated, report.state) == (4, 4, True, "complete")
    assert {one.provider for one in report.standings} == {"sim-swift", "sim-careful"}
    assert len(finished.run.scores()) == 4
    assert finished.run.calls()["phase"].value_counts().to_dict() == {"measure": 4, "warmup": 2}
    assert finished.files[0] == harness.Places().stored.folder / "latest" / "report.md"
    assert all(file.exists() for file in finished.files)
    assert (finished.orphans, finished.interrupted) == (0, False)
    assert not harness.Places().routing.exists(), "routes are written only when asked for"
    assert harness.load_run("reports/latest").run_id == report.run_id
    cards = {card.provider.name: card for card in harness.models()}
    assert cards["sim-swift"].measured[ALL].n_cases == 2
    assert cards["sim-frugal"].measured == {}


def test_run_works_where_a_loop_is_running_already(project):
    async def notebook():
        return harness.run(selection=COW, terms=harness.Terms(metadata={"cell": "7"}))

    finished = asyncio.run(notebook())
    assert finished.report.trials == 1
    assert dict(finished.run.calls()["metadata"][0]) == {"cell": "7"}


def test_run_leaves_the_garbage_collector_as_it_was(project):
    before = gc.get_freeze_count()
    harness.run(selection=COW)
    assert gc.get_freeze_count() == before


def test_a_question_from_python(project):
    with loopback() as server:
        provider = harness.Provider("mine", "openai/m-1", base_url=server.url)
        attempt = harness.wait(harness.Client().ask(provider, "How many?"))
        named = harness.wait(
            harness.Client([provider]).ask("mine", harness.Prompt(({"role": "user", "content": "?"},)))
        )
    assert attempt.reply.text == named.reply.text == "4"
    assert attempt.cost.usd is None, "nobody knows its price"


def test_suites_and_providers_from_python(project):
    suites = harness.load_suites([project / "suites"])
    assert {one.name: len(one.cases) for one in suites} == {"animals": 2, "sums": 3}
    known = harness.load_providers(project / "providers.toml", {"GROQ_API_KEY": "gsk-one"})
    assert known.get("groq").missing == ()
    assert known.get("openai").missing == ("OPENAI_API_KEY",)


def test_a_provider_is_found_by_its_name_by_its_model_and_without_any_registry(project, tmp_path):
    places = harness.Places()
    own = pipeline.provider_for("sim-swift", places).prices
    assert own
    assert (own.id or "").startswith("registry:")
    assert pipeline.provider_for("openai/sim-swift", places).name == "sim-swift"
    made = pipeline.provider_for(
        "gpt-4o-mini", replace(places, providers=tmp_path / "none"), {"OPENAI_API_KEY": "sk-one"}
    )
    assert made.model == "openai/gpt-4o-mini"
    assert made.prices
    assert made.prices.input


def test_preparing_sends_nothing_and_knows_the_worst_case(project):
    prepared = pipeline.prepare(harness.Places(), harness.Selection(only=("sim-swift",), repeat=2, seed=3))
    assert prepared.plan.count == 10
    assert prepared.simulated
    assert prepared.most_usd["sim-swift"]
    assert prepared.max_output_of(prepared.plan.providers[0]) == 16384
    assert not (project / "reports").exists()
    with pytest.raises(NothingSelected):
        pipeline.prepare(harness.Places(), harness.Selection(keyword="unicorn"))


def test_a_dataset_is_read_from_the_file_that_one_has_of_it(project):
    (project / "gsm.jsonl").write_text('{"question": "2 + 2?", "answer": "2 + 2 = <<2+2=4>>4\\n#### 4"}\n')
    places = harness.Places(suites=(Path("gsm8k"), project / "suites"), data=project / "gsm.jsonl")
    assert [one.name for one in pipeline.read_suites(places, 0, None)] == ["animals", "sums", "gsm8k"]
    with pytest.raises(WrongUse, match="give --data the file"):
        pipeline.read_suites(replace(places, data=None), 0, None)


def test_simulated_providers_need_somebody_who_serves_them(project):
    prepared = pipeline.prepare(harness.Places(), COW)
    with pytest.raises(WrongUse, match="sim-swift is simulated: `harness run` serves it"):
        pipeline.record(prepared, harness.Places(), harness.Terms())
    assert not (project / "reports").exists()


def test_a_simulated_provider_with_an_address_is_served_by_whoever_is_there(project):
    with fleet.serve(
        pipeline.prepare(harness.Places(), COW).plan.providers, harness.load_suites([project / "suites"])
    ) as served:
        address = f'simulated = "swift"\nbase_url = "{served[0].base_url}"'
        text = (project / "providers.toml").read_text()
        (project / "providers.toml").write_text(text.replace('simulated = "swift"', address))
        recorded = pipeline.record(pipeline.prepare(harness.Places(), COW), harness.Places(), harness.Terms())
    assert recorded.run.calls()["status"].tolist() == ["ok", "ok"]
    assert recorded.run.calls()["simulated"].tolist() == [True, True]


def test_a_profile_that_there_is_not_is_bad_input(project):
    text = (project / "providers.toml").read_text()
    (project / "providers.toml").write_text(text.replace('simulated = "swift"', 'simulated = "swfit"'))
    with pytest.raises(BadInput, match=r"providers.toml:\d+: there is no simulated profile 'swfit'"):
        harness.run(selection=COW)


def test_ctrl_c_before_anything_was_asked_ends_the_run_in_order(project):
    @contextmanager
    def serve(*arguments):
        with fleet.serve(*arguments) as served:
            signal.raise_signal(signal.SIGINT)
            yield served

    recorded = pipeline.record(pipeline.prepare(harness.Places(), COW), harness.Places(), harness.Terms(), serve=serve)
    assert recorded.interrupted
    assert recorded.run.state == "interrupted"
    assert (recorded.run.attempts, recorded.tally.planned, recorded.notes) == (0, 1, ())


def test_routes_of_one_kind_are_no_incumbents_of_the_other(project):
    finished = harness.run(selection=COW)
    table = finished.report.routing
    assert table
    places, real = harness.Places(), replace(table, simulated=False)
    assert deciding.propose([finished.run], places, real, Objective()).table.parent is None
    decided = pipeline.decide(finished.run, real, Objective()).routing
    assert decided
    assert decided.parent is None
    assert deciding.propose([finished.run], places, replace(table, margin=0.1), Objective()).table.parent
    deciding.apply_routes(table, places)
    assert deciding.routes_in_force(places) == replace(table, status="active")
    with pytest.raises(WrongUse, match="the present routes are for simulated providers"):
        deciding.apply_routes(real, places)
