"""HumanEval: 164 Python functions with tests (Chen et al. 2021, arXiv 2107.03374); records of `prompt`, `entry_point`, `test`.

The imports and helpers that stand before the function in the prompt are run before a reply, which need not repeat them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

SHARED: Mapping[str, Any] = {
    "description": "Python functions by signature and docstring, HumanEval",
    "capability": "code",
    "system": "Complete the Python function. Reply with the whole function in one fenced block of Python, and nothing else.",
    "params": {"temperature": 0, "max_tokens": 1024},
}
FILES = ("HumanEval.jsonl.gz", "HumanEval.jsonl")
TIMEOUT_S = 10.0
"""The slowest of the published solutions takes about 2 s on a busy core."""


def case(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The case of one record; its right reply is the published solution."""
    prompt, name = record["prompt"], record["entry_point"]
    whole = prompt + record["canonical_solution"]
    options = {"tests": record["test"], "entry_point": name, "setup": _before(whole, name), "timeout_s": TIMEOUT_S}
    return {
        "id": f"humaneval-{number - 1:03d}",
        "prompt": prompt,
        "score": {"code": options},
        "reference": f"```python\n{whole}\n```",
    }


def _before(code: str, name: str) -> str:
    """What stands before the function `name`."""
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return "\n".join(code.splitlines()[: node.lineno - 1]).strip()
    raise ValueError(f"its prompt does not define {name!r}")
