"""Writes plain data as YAML, for the tools that read it."""

from __future__ import annotations

from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    """Says everything in full: a reader of a configuration should not have to follow anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - its signature is pyyaml's
        return True


def write_yaml(data: Any) -> str:
    """Plain data (dict, list, str, int, float, bool, None) as YAML, in its own order."""
    text: str = yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    return text
