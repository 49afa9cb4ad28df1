"""Public datasets as suites: a family, one file for each, which says what the suite shares and makes a record a case.

Nothing is bundled and nothing is fetched: the user has the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from harness.load.datasets import arena_hard, bbh, bfcl, gsm8k, humaneval, ifeval, mgsm, mt_bench

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dataset:
    """What all cases share (the keys of a YAML suite), the files it is published as, and how a record becomes a case.

    `files` are patterns of names: all files of a folder that the first fitting one names, and `takes` allows, make the dataset.
    `case(record, number)` gives the case in the form of a YAML suite, or None for one that cannot be asked; it raises KeyError, TypeError or ValueError for a record that
    is not in the published form. `answers(file name)` says where the rest of each record may lie, joined by its `id`.
    """

    shared: Mapping[str, Any]
    files: tuple[str, ...]
    case: Callable[[Record, int], dict[str, Any] | None]
    takes: Callable[[str], bool] = lambda _name: True
    answers: Callable[[str], tuple[str, ...]] = lambda _name: ()


DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        "arena_hard": Dataset(arena_hard.SHARED, arena_hard.FILES, arena_hard.case),
        "bbh": Dataset(bbh.SHARED, bbh.FILES, bbh.case),
        "bfcl": Dataset(bfcl.SHARED, bfcl.FILES, bfcl.case, bfcl.takes, bfcl.answers),
        "gsm8k": Dataset(gsm8k.SHARED, gsm8k.FILES, gsm8k.case),
        "humaneval": Dataset(humaneval.SHARED, humaneval.FILES, humaneval.case),
        "ifbench": Dataset(ifeval.SHARED, ifeval.IFBENCH_FILES, ifeval.case),
        "ifeval": Dataset(ifeval.SHARED, ifeval.IFEVAL_FILES, ifeval.case),
        "mgsm": Dataset(mgsm.SHARED, mgsm.FILES, mgsm.case),
        "mt_bench": Dataset(mt_bench.SHARED, mt_bench.FILES, mt_bench.case),
    }
)
"""The datasets that there are, by the name that `harness run NAME --data PATH` takes."""
