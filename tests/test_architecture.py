"""The house: floors, doors, no circles, a light front door, names that are true."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "harness"

FLOORS: dict[str, int] = {
    "late": -1, "errors": 0, "addressed": 0, "structured": 0, "ask": 0, "told": 0, "judged": 0, "shown": 0, "stats": 0,
    "document": 1, "wording": 1, "registry": 2, "client": 2, "scorers": 2, "store": 2,
    "load": 3, "engine": 3, "standing": 3, "routing": 3, "render": 3, "simulate": 3,
    "settings": 4, "asking": 5, "bench": 5, "commenting": 5, "comparing": 5, "crew": 5, "deciding": 5, "matching": 5, "fetching": 5, "spending": 5, "foreseeing": 6, "pipeline": 6,
    "against": 7, "agreeing": 8, "cards": 7, "exporting": 7, "importing": 7, "judges": 7, "results": 7, "resume": 7, "worker": 7,
    "cli": 9, "pytest_plugin": 10, "__init__": 10, "__main__": 10,
}  # fmt: skip
"""Each part and its floor. Imports run strictly down; `document` reads what people write, `wording` what replies say."""

WORDS = {"errors", "addressed", "structured", "ask", "told", "judged", "shown"}
DOORS = {
    "litellm": {"client", "registry"},  # registry reads the price table's file, by a path, without importing
    "pyarrow": {"store"},
    "pandas": {"late"},  # the others: from harness.late import pd
    "yaml": {"document"},
    "pydantic": {"document", "registry", "load"},
    "tomli_w": {"routing"},
    "pytest": {"pytest_plugin"},
    "jinja2": {"render"},
    "_pytest": {"pytest_plugin"},
    "matplotlib": {"render"},
    "rich": {"render"},
    "tqdm": {"render"},
    "aiohttp": {"client", "simulate"},
    "jsonschema": {"scorers"},
    "tiktoken": {"client"},
    "tokenizers": {"client"},
    "referencing": {"scorers"},
    "regex": {"scorers"},
    "langdetect": {"scorers"},
    "rouge_score": {"scorers"},
    "sacrebleu": {"scorers"},
    "scipy": {"stats"},
}
"""Each outside library and the parts that may import it."""


def modules() -> Iterator[tuple[str, str, ast.Module, Path]]:
    for path in sorted(HOUSE.rglob("*.py")):
        place = path.relative_to(HOUSE)
        part = place.parts[0].removesuffix(".py")
        name = ".".join(["harness", *place.with_suffix("").parts]).removesuffix(".__init__")
        yield part, name, ast.parse(path.read_text()), path


def imports(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            assert node.module
            yield node.module, node
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def part_of(target: str) -> str | None:
    pieces = target.split(".")
    if pieces[0] != "harness":
        return None
    return pieces[1] if len(pieces) > 1 and pieces[1] in FLOORS else None


def test_every_part_has_a_floor():
    assert {part for part, *_ in modules()} <= set(FLOORS)


def test_imports_run_strictly_down():
    wrong = []
    for part, _name, tree, path in modules():
        for target, node in imports(tree):
            other = part_of(target)
            if other is None or other == part:
                continue
            if part in WORDS and other in WORDS:
                continue  # the words know one another; that they run in no circle is tested below
            if FLOORS[other] >= FLOORS[part] and part != "__init__":
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {part} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_the_simulated_fleet_knows_only_the_words():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} imports {target}"
        for part, _name, tree, path in modules()
        for target, node in imports(tree)
        if (part == "simulate" and part_of(target) not in {None, "simulate", *WORDS})
        or (part_of(target) == "simulate" and part not in {"simulate", "cli"})
    ]
    assert not wrong, "\n".join(wrong)


def test_each_outside_library_has_one_door():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {part} imports {target}"
        for part, _name, tree, path in modules()
        for target, node in imports(tree)
        if target.split(".")[0] in DOORS and part not in DOORS[target.split(".")[0]]
    ]
    assert not wrong, "\n".join(wrong)


def test_there_are_no_import_circles():
    known = {name for _part, name, _tree, _path in modules()}
    arrows: dict[str, set[str]] = {}
    for _part, name, tree, _path in modules():
        arrows[name] = {target for target, _ in imports(tree) if target in known and target != name}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail, name])
        if name not in done:
            for target in arrows[name]:
                if not name.startswith(target + "."):  # a module may live in the package that gathers it
                    visit(target, (*trail, name))
            done.add(name)

    for name in arrows:
        visit(name, ())


def test_files_and_functions_stay_small():
    wrong = []
    for _part, _name, tree, path in modules():
        lines = len(path.read_text().splitlines())
        if lines > 400:
            wrong.append(f"{path.relative_to(ROOT)} has {lines} lines, 400 is the cap")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 60:
                    wrong.append(
                        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {length} lines, 60 is the cap"
                    )
    assert not wrong, "\n".join(wrong)


def test_no_drawer_for_odds_and_ends():
    names = {path.name for path in HOUSE.rglob("*.py")}
    assert not names & {"utils.py", "util.py", "helpers.py", "common.py", "manager.py", "misc.py"}


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("door", ["harness", "harness.cli", "harness.pytest_plugin"])
def test_the_front_doors_are_light(door):
    heavy = ["litellm", "pyarrow", "pandas", "numpy", "scipy", "matplotlib", "aiohttp", "pydantic", "yaml", "rich"]
    loaded = run_python(f"import sys, {door}; print([name for name in {heavy} if name in sys.modules])")
    assert loaded.strip() == "[]"


def test_words_and_floor_zero_need_nothing_outside():
    for part, name, tree, _path in modules():
        if part in WORDS:
            for target, _ in imports(tree):
                top = target.split(".")[0]
                assert top == "harness" or top in sys.stdlib_module_names, f"{name} imports {target}"


def test_all_is_true_and_sorted():
    listed = run_python(
        "import harness; print(' '.join(harness.__all__)); [getattr(harness, n) for n in harness.__all__]"
    )
    names = listed.split()
    assert names == sorted(names)
    assert names
