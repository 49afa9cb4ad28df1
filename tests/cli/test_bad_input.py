"""Whatever is wrong with what people write: file, line, what is wrong, what would be right; exit 4; nothing sent, nothing left behind."""

import json

import pytest

from harness.errors import ExitCode
from tests.cli.conftest import call

ENTRY = """
[[providers]]
name = "mine"
model = "openai/m-1"
"""


def is_refused(said, *words):
    assert said.code == ExitCode.WRONG_USE, said
    assert said.out == ""
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err, said.err


@pytest.fixture(params=["run", "run --dry-run", "validate", "list"])
def reading(request, project):
    """A command that reads suites; it must leave nothing behind."""
    yield request.param.split()
    assert not (project / "reports").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("cases:\n  - {id: a, promtp: Hi, expect: x, score: exact}\n", ["wrong.yaml:2", "'promtp'", "did you mean 'prompt'?"]),
        ("colour: red\ncapability: x\nscore: exact\ncases:\n  - {id: a, prompt: Hi, expect: x}\n", ["wrong.yaml:1", "'colour'"]),
        (
            "capability: x\nscore: exact\ncases:\n  - {id: a, prompt: Hi, expect: x}\n  - {id: a, prompt: Ho, expect: y}\n",
            ["wrong.yaml:5", "'a'", "line 4"],
        ),
        ("capability: x\nscore: exactly\ncases:\n  - {id: a, prompt: Hi, expect: x}\n", ["wrong.yaml:", "'exactly'", "exact"]),
        ("cases: [\n", ["wrong.yaml:2"]),
        ("", ["wrong.yaml"]),
    ],
)  # fmt: skip
def test_a_suite_that_says_something_wrong(project, reading, wrong, words):
    (project / "suites" / "wrong.yaml").write_text(wrong)
    is_refused(call(*reading), *words, "harness: ", " problem", " in 1 file")


def test_a_python_suite_that_breaks(project, reading):
    (project / "suites" / "suite_broken.py").write_text("capability = 'x'\n\ndef cases(rng):\n    yield 1 / 0\n")
    is_refused(call(*reading), "suite_broken.py:4", "division by zero")


def test_a_suite_that_is_no_text(project, reading):
    (project / "suites" / "sums.yaml").write_bytes(b"\xff\xfe\x00")
    is_refused(call(*reading), "sums.yaml", "UTF-8")


def test_a_suite_that_is_not_there(reading):
    is_refused(call(*reading, "suites/nowhere.yaml"), "suites/nowhere.yaml")


def test_a_dataset_without_its_file(reading):
    is_refused(call(*reading, "gsm8k"), "gsm8k is a dataset of which nothing is bundled: give --data the file")


@pytest.fixture(params=["run", "validate", "providers", "models", "ask hi --model=mine"])
def asking(request, project):
    """A command that reads the registry; it must leave nothing behind."""
    yield request.param.split()
    assert not (project / "reports").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (ENTRY + "base_ulr = 'x'\n", ["own.toml:5", "'base_ulr'", "did you mean 'base_url'?"]),
        (ENTRY + ENTRY, ["own.toml:", "'mine'", "line "]),
        (ENTRY + "rpm = 'many'\n", ["own.toml:5", "rpm"]),
        ("[[providers]]\nname = \n", ["own.toml:2"]),
        (ENTRY + "[fallback]\nstrategy = 'luck'\n", ["own.toml:6", "luck"]),
    ],
)
def test_a_registry_that_says_something_wrong(project, asking, wrong, words):
    (project / "own.toml").write_text(wrong)
    is_refused(call(*asking, "--providers=own.toml"), *words)


@pytest.mark.parametrize("command", ["run", "validate", "providers", "models"])
def test_a_registry_that_is_not_there(project, command):
    is_refused(call(command, "--providers=nowhere.toml"), "nowhere.toml: there is no such file")


@pytest.mark.parametrize("command", ["run", "validate", "providers", "models"])
def test_a_registry_that_cannot_be_read(project, command):
    is_refused(call(command, "--providers=suites"), "suites: ", "directory")


def test_a_simulated_profile_that_there_is_not(project):
    text = (project / "providers.toml").read_text()
    text = text.replace('simulated = "swift"', 'simulated = "swfit"').replace("openai/sim-frugal", "mistral/sim-frugal")
    (project / "providers.toml").write_text(text)
    lines = text.splitlines()
    swift = lines.index('name = "sim-swift"')
    run, validate = call("run", "--only=sim-swift"), call("validate")
    is_refused(run, f"providers.toml:{swift}: there is no simulated profile 'swfit'\n    did you mean 'swift'?")
    is_refused(validate, "'swfit'", "does not speak the wire of 'mistral/sim-frugal'", "harness: 2 problems in 1 file")
    assert not (project / "reports").exists()


def test_a_variable_that_is_not_set_keeps_a_provider_out_and_says_which(project):
    is_refused(call("run", "--only=openai"), "openai is not ready: OPENAI_API_KEY is not set")
    is_refused(call("ask", "hi", "--model=openai"), "openai is not ready: OPENAI_API_KEY is not set")


def test_a_server_that_does_not_answer_keeps_a_provider_out(project):
    (project / "own.toml").write_text(ENTRY + "base_url = 'http://127.0.0.1:9'\n")
    is_refused(call("run", "--providers=own.toml", "--only=mine"), "no server answers at http://127.0.0.1:9")
    nobody = call("run", "--providers=own.toml")
    assert nobody.code == ExitCode.NOTHING
    assert "no provider is ready\n             mine: no server answers at http://127.0.0.1:9" in nobody.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--only=sim-swfit"], ["no provider is called 'sim-swfit'; did you mean 'sim-swift'?"]),
        (["--only=,"], ["it names no provider"]),
        (["--budget=much"], ["'much' is not an amount in dollars"]),
        (["--budget=-1"], ["'-1' is not an amount in dollars"]),
        (["--limit=0"], ["'0' is not a whole number from 1 on"]),
        (["--repeat=²"], ["'²' is not a whole number from 1 on"]),
        (["--metadata=blue"], ["'blue' is not KEY=VALUE"]),
        (["--speed"], ["unrecognized arguments: --speed", "`harness run --help` tells more"]),
        (["--lim=3"], ["unrecognized arguments: --lim=3"]),
        (["-k", "cow and"], ["-k cow and\n                   ^ a word, 'not' or '(' is missing at the end"]),
    ],
)
def test_flags_that_make_no_sense(project, flags, words):
    is_refused(call("run", *flags), *words)
    assert not (project / "reports").exists()


@pytest.mark.parametrize("flags", [["-k", "unicorn"], ["-m", "unicorn"]])
@pytest.mark.parametrize("command", ["run", "validate", "list"])
def test_nothing_selected_has_an_exit_code_of_its_own(project, command, flags):
    said = call(command, *flags)
    assert said.code == ExitCode.NOTHING
    assert "'unicorn' leaves none of 5 cases" in said.err
    assert not (project / "reports").exists()


def test_an_empty_suites_folder_selects_nothing(project):
    for file in (project / "suites").iterdir():
        file.unlink()
    said = call("run")
    assert said.code == ExitCode.NOTHING
    assert "no suites in suites; a suite is a file *.yaml, *.yml or suite_*.py" in said.err


@pytest.mark.parametrize("command", ["report", "score", "route"])
def test_a_run_that_there_is_not(project, copied, command):
    is_refused(call(command, "--reports", project / "none"), "holds none yet: `harness run` records one")
    (folder,) = (copied / "runs").iterdir()
    is_refused(call(command, "19990101", "--reports", copied), "19990101 is no run", f"the latest are {folder.name}")


@pytest.mark.parametrize("command", ["report", "route"])
def test_a_run_without_scores(copied, command):
    (folder,) = (copied / "runs").iterdir()
    manifest = folder / "manifest.json"
    manifest.write_text(_without_scores(manifest.read_text()))
    is_refused(call(command, "--reports", copied), f"has no scores yet: `harness score {folder.name}` makes them")


def _without_scores(text):
    said = json.loads(text)
    assert said["scores"]
    return json.dumps({**said, "scores": None})


def test_a_routing_file_that_is_broken_stops_a_run_before_it_is_paid_for(project):
    (project / "reports").mkdir()
    (project / "reports" / "routing.toml").write_text("simulated = perhaps\n")
    is_refused(call("run", "--only=sim-swift"), "routing.toml:1: is not TOML")
    assert [one.name for one in (project / "reports").iterdir()] == ["routing.toml"]


def test_a_folder_that_cannot_be_written_breaks_the_run_before_anything_is_sent(project):
    (project / "reports").write_text("a file")
    said = call("run", "--only=sim-swift", "-k", "cow")
    assert said.code == ExitCode.BROKEN
    assert "cannot be made: a part of the path is a file" in said.err
    assert "Nothing was sent" in said.err
    assert "Traceback" not in said.err
