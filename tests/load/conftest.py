from pathlib import Path
from textwrap import dedent

import pytest

from harness import load
from harness.ask import Case, Suite
from harness.errors import BadInput


class Desk:
    """A folder in which a test writes suites and has them read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def suite(self, name: str, text: str, **options: int) -> Suite:
        (suite,) = load.suites([self.write(name, text)], **options)
        return suite

    def case(self, text: str) -> Case:
        """The one case of a YAML suite that says the rest itself."""
        body = "\n".join(f"    {line}" for line in dedent(text).strip().splitlines())
        suite = self.suite("s.yaml", f"capability: c\nscore: exact\ncases:\n  - id: a\n{body}\n")
        return suite.cases[0]

    def complaints(self, *paths: Path) -> list[str]:
        """What is said about the files, one line for each problem, hints behind an arrow."""
        with pytest.raises(BadInput) as caught:
            load.suites(paths or [self.folder])
        text = str(caught.value).replace(f"{self.folder}/", "")
        return text.replace("\n    ", " → ").splitlines()

    def complaints_about(self, name: str, text: str) -> list[str]:
        return self.complaints(self.write(name, text))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
