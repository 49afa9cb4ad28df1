"""litellm's door: the one place that imports it, late and silenced.

Its import takes about two seconds, fetches its price table over the network unless told not to, and warns about its own parts; here it
fetches nothing, prints nothing, phones nowhere.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
import warnings
from typing import Any


@functools.cache
def litellm() -> Any:
    """The module, imported on first use."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    with quiet():
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


def _not_fetched(hf_model_name: str) -> dict[str, str]:  # noqa: ARG001 - the name by which litellm gives it
    return {"status": "failure"}


def _none(_options: object, _max_retries: int) -> int:
    return 0


def quiet() -> warnings.catch_warnings[Any]:
    """A context in which litellm's warnings about itself (pydantic, deprecations) are not shown; not for use across an await."""
    return warnings.catch_warnings(action="ignore")
