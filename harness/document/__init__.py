"""What people write, read with the line of everything in it: TOML and YAML files, and complaints in plain words.

`read_toml` and `read_yaml` give a `Document`; `check` holds it (or plain data) against a pydantic model and raises
`BadInput` with one `Problem` for each thing that is wrong: file, line, what is wrong, what would be right.
"""

from harness.document.complaints import check, did_you_mean
from harness.document.read import Document, KeyPath, LineOf, read_toml, read_yaml
from harness.document.write import write_yaml

__all__ = ["Document", "KeyPath", "LineOf", "check", "did_you_mean", "read_toml", "read_yaml", "write_yaml"]
