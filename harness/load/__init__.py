"""Suites: what people write to ask and to judge, read from YAML and Python files, checked, selected.

`suites` reads files and folders and raises `BadInput` with every problem of every file; `dataset` reads a public dataset; `select`
narrows suites as `-k` and `-m` do in pytest; `schema` is the JSON Schema of a YAML suite, for editors.
"""

from harness.load.dataset import DATASET_NAMES, dataset
from harness.load.files import suites
from harness.load.schema import schema
from harness.load.selection import select

__all__ = ["DATASET_NAMES", "dataset", "schema", "select", "suites"]
