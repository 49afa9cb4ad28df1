"""pandas, imported when something of it is first used: a quarter of a second of CPU, for which the first request shall not wait.

from harness.late import pd
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["pd"]

if TYPE_CHECKING:
    import pandas as pd
else:

    class _Late(ModuleType):
        def __getattr__(self, name: str) -> Any:
            found = getattr(importlib.import_module(self.__name__), name)
            setattr(self, name, found)
            return found

    pd = _Late("pandas")
