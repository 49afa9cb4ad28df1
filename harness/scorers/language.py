"""Which language a text is in, by langdetect: what IFEval's own checker uses. It is an extra, knows 55 languages, and needs no network.

langdetect draws at random; here it is seeded, so that the same text is always in the same language.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import lru_cache

from harness.scorers.opinion import Unfit


def check_language(code: str) -> str:
    """The code, such as "de" or "zh-cn"; "zh" stands for both kinds of Chinese. Raises Unfit for one that cannot be told, and without the library."""
    if importlib.util.find_spec("langdetect") is None:
        raise Unfit("the library langdetect is not installed; install llm-harness with its extra 'text'")
    known = _detector()[1]
    if not any(_is(code, one) for one in known):
        raise Unfit(f"there is no language {code!r}; known: {', '.join(sorted(known))}")
    return code


def why_not_in(code: str, text: str) -> str | None:
    """Why a text is not in the language; None where it is."""
    found = _detector()[0](text)
    if found is None:
        return f"it has no words, so it is not in {code!r}"
    return None if _is(code, found) else f"it is in {found!r}, not in {code!r}"


def _is(wanted: str, found: str) -> bool:
    return found == wanted.lower() or found.partition("-")[0] == wanted.lower()


@lru_cache(maxsize=1)
def _detector() -> tuple[Callable[[str], str | None], tuple[str, ...]]:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory  # noqa: PLC0415  # an extra, and slow to load
    from langdetect.lang_detect_exception import LangDetectException  # noqa: PLC0415

    factory = DetectorFactory()
    factory.seed = 0
    factory.load_profile(PROFILES_DIRECTORY)

    def detect(text: str) -> str | None:
        detector = factory.create()
        detector.append(text)
        try:
            return str(detector.detect())
        except LangDetectException:  # no letter that any language has
            return None

    return detect, tuple(factory.get_lang_list())
