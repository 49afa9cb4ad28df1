"""What somebody gets who installs this: the lock, the wheel, the commands, and nothing of the machine it was written on."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import defaultdict
from configparser import ConfigParser
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

import harness

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPROMISED = {Version("1.82.7"), Version("1.82.8")}
TARGETS = [
    "help",
    "setup",
    "bench",
    "test",
    "coverage",
    "lint",
    "report",
    "weights",
    "regress",
    "calibrate",
    "perf",
    "outage",
    "clean",
]


def pins() -> list[str]:
    """The lock's entries, each in one line: `name==version ; marker --hash=… --hash=…`."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def locked() -> dict[NormalizedName, set[Version]]:
    """Each package's versions: more than one where they depend on Python's version."""
    versions = defaultdict(set)
    for line in pins():
        one = Requirement(line.partition("--hash")[0].strip())
        (exactly,) = one.specifier
        versions[canonicalize_name(one.name)].add(Version(exactly.version))
    return versions


def requirements() -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [Requirement(line) for lines in [PROJECT["project"]["dependencies"], *extras] for line in lines]


def test_every_pin_is_one_version_with_hashes_and_without_an_address():
    assert len(pins()) > 50
    for line in pins():
        what, *hashes = line.split("--hash=")
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[^=*\s]+( ; .+)?", what.strip()), line
        assert hashes, f"{what} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes), line
        assert "://" not in line


def test_the_lock_satisfies_every_dependency():
    versions = locked()
    for one in requirements():
        found = versions.get(canonicalize_name(one.name))
        assert found, f"{one.name} is not in the lock: `make lock` makes it anew"
        assert all(one.specifier.contains(version, prereleases=True) for version in found), f"{one} has {found}"


def test_the_compromised_releases_of_litellm_can_come_in_by_no_door():
    (wanted,) = [one for one in requirements() if one.name == "litellm"]
    assert not any(wanted.specifier.contains(version) for version in COMPROMISED)
    assert locked()[canonicalize_name("litellm")].isdisjoint(COMPROMISED)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built offline from a copy."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("harness", "suites", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, out], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_has_every_module_and_what_they_read(wheel):
    names = set(wheel.namelist())
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "harness").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {"harness/py.typed", "harness/simulate/fleet.toml"} <= there
    assert there <= names


def test_the_wheel_has_nothing_else_but_what_describes_it(wheel):
    assert {name.partition("/")[0] for name in wheel.namelist()} == {
        "harness",
        f"llm_harness-{harness.__version__}.dist-info",
    }


def test_the_wheel_says_what_it_is(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    told = wheel.read(name).decode()
    for line in (
        "Name: llm-harness",
        f"Version: {harness.__version__}",
        "Requires-Python: >=3.11",
        "License-Expression: MIT",
    ):
        assert f"\n{line}\n" in told
    assert "\nRequires-Dist: litellm" in told
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_the_command_and_the_plugin_are_where_the_wheel_says(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    said = ConfigParser()
    said.read_string(wheel.read(name).decode())
    command = EntryPoint("harness", said["console_scripts"]["harness"], "console_scripts").load()
    plugin = EntryPoint("llm_harness", said["pytest11"]["llm_harness"], "pytest11").load()
    assert callable(command)
    assert hasattr(plugin, "pytest_addoption")


def test_the_installed_command_and_the_module_tell_their_version():
    command = Path(sys.executable).with_name("harness")
    if not command.exists():
        pytest.skip("the project is not installed beside this Python")
    for words in ([command], [sys.executable, "-m", "harness"]):
        done = subprocess.run([*words, "--version"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == f"harness {harness.__version__}"


def test_the_front_door_lists_its_names_and_has_no_others():
    assert dir(harness) == sorted([*harness.__all__, "__version__"])
    with pytest.raises(AttributeError, match="module 'harness' has no attribute 'nothing'"):
        _ = harness.nothing


def test_make_alone_and_make_help_list_every_target_in_a_line():
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    for words in (["help"], []):
        done = subprocess.run(["make", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        lines = [re.fullmatch(r"  make (\S+) +(\S.+)", line) for line in done.stdout.splitlines()]
        assert all(lines), done.stdout
        assert [line[1] for line in lines if line] == TARGETS


def tracked() -> list[Path]:
    """The files that git knows."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this is no git checkout: {done.stderr.strip()}")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


OF_A_MACHINE = re.compile(rb"/(?:tmp|work|root)/|/(?:home|Users)/[a-z]")
OF_A_REGISTRY = re.compile(
    rb"pypi\.(?:org|python)|pythonhosted\.org|npmjs\.(?:org|com)|(?:inde[x]-url|find-link[s]|trusted-hos[t])\b"
)


@pytest.mark.parametrize("wrong", [OF_A_MACHINE, OF_A_REGISTRY], ids=["path-of-a-machine", "host-of-a-registry"])
def test_no_file_names_a(wrong):
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if match := wrong.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number} names {match[0].decode(errors='replace')}")
    assert not found, "\n".join(found)
