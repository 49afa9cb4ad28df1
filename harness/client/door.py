"""litellm's door: the one place that imports it, late and silenced.

Its import takes about two seconds, fetches its price table over the network unless told not to, and warns about its own parts; here it
fetches nothing, prints nothing, phones nowhere.
"""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ONE_AT_A_TIME = threading.Lock()


@functools.cache
def litellm() -> Any:
    """The module, imported on first use."""
    with _ONE_AT_A_TIME:
        return _loaded()


def preload() -> None:
    """Begin to import it in a thread, for whoever will need it and has something to wait for meanwhile."""
    threading.Thread(target=litellm, name="litellm", daemon=True).start()


@functools.cache
def _loaded() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    with quiet(), _uncollected():
        module: Any = importlib.import_module("litellm")
        importlib.import_module("litellm.utils")
        templates: Any = importlib.import_module(
            "litellm.litellm_core_utils.prompt_templates.huggingface_template_handler"
        )
        for late in (module.Message, module.types.utils.Delta):  # pydantic builds these when first used, and warns then
            late(content="", role="assistant").model_dump()
        for streamed in (False, True):
            module.ModelResponse(stream=streamed).model_dump()
    # What a model is asked must not depend on whether Hugging Face can be reached for the template of its prompt.
    templates.get_tokenizer_config = templates.get_chat_template_file = _not_fetched
    # For some kinds litellm loses `max_retries = 0` on the way, and OpenAI's SDK, by which it asks them, would try twice more.
    importlib.import_module("openai._models").FinalRequestOptions.get_max_retries = _none
    module.telemetry = False
    module.suppress_debug_info = True
    module.num_retries = None
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return module


@contextmanager
def _uncollected() -> Iterator[None]:
    """Within it the garbage collector rests: what an import makes stays, and to look for circles in it again and again takes a third of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _not_fetched(hf_model_name: str) -> dict[str, str]:  # noqa: ARG001 - the name by which litellm gives it
    return {"status": "failure"}


def _none(_options: object, _max_retries: int) -> int:
    return 0


def quiet() -> warnings.catch_warnings[Any]:
    """A context in which litellm's warnings about itself (pydantic, deprecations) are not shown; not for use across an await."""
    return warnings.catch_warnings(action="ignore")
