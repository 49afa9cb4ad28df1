"""Embeddings in the formats of OpenAI, Gemini, Cohere, Ollama and Hugging Face: what is asked, and how the vectors go out. Anthropic and Replicate have none."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from harness.simulate.conversation import Malformed
from harness.simulate.reply import Wire, model_name, split
from harness.simulate.vectors import DIMENSIONS, vector
from harness.simulate.wires import cohere_chat, gemini, ollama_chat, openai_chat

CAPABILITY = "embedding"
"""What the truth log calls it."""
MOST_DIMENSIONS = 4096
_AZURE = "/{profile}/openai/deployments/{model}/embeddings"
_HUGGING_FACE = "/{profile}/hf-inference/models/{model:.+}/pipeline/feature-extraction"


@dataclass(frozen=True, slots=True)
class Texts:
    """What is to be embedded, and how. `encoded`: as base64 of little-endian 32-bit floats."""

    model: str
    texts: tuple[str, ...]
    dimensions: int = DIMENSIONS
    encoded: bool = False

    @property
    def tokens(self) -> int:
        """Their tokens, counted as those of a conversation are."""
        return sum(len(split(text)) for text in self.texts)

    def vectors(self) -> list[Any]:
        """A vector for each text, in the form that was asked for."""
        found = [vector(text, self.dimensions) for text in self.texts]
        return [_encoded(one) for one in found] if self.encoded else found


@dataclass(frozen=True)
class Form:
    """One format: the wire whose errors it shares, its paths, how a request is read and an answer written."""

    wire: Wire
    paths: tuple[str, ...]
    read: Callable[[Mapping[str, Any]], Texts]
    write: Callable[[Texts], bytes]
    most_texts: int


def _encoded(values: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _texts(value: object, name: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise Malformed(f"{name}: must be a text or a list of texts, none of them empty")
    return tuple(texts)


def _dimensions(value: object, name: str) -> int:
    if value is None:
        return DIMENSIONS
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DIMENSIONS:
        raise Malformed(f"{name}: must be a whole number from 1 to {MOST_DIMENSIONS}, not {value!r}")
    return value


def _read_openai(body: Mapping[str, Any]) -> Texts:
    form = body.get("encoding_format", "float")
    if form not in {"float", "base64"}:
        raise Malformed(f"encoding_format: {form!r} is not one of float, base64")
    sizes = _dimensions(body.get("dimensions"), "dimensions")
    return Texts(model_name(body), _texts(body.get("input"), "input"), sizes, form == "base64")


def _write_openai(asked: Texts) -> bytes:
    """The last first: the order is told by the index."""
    data = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(asked.vectors())]
    usage = {"prompt_tokens": asked.tokens, "total_tokens": asked.tokens}
    return orjson.dumps({"object": "list", "data": data[::-1], "model": asked.model, "usage": usage})


def _read_gemini(body: Mapping[str, Any]) -> Texts:
    requests = body.get("requests")
    if not isinstance(requests, list) or not requests:
        raise Malformed("requests: must be a list of requests")
    texts = []
    for place, one in enumerate(requests):
        match one:
            case {"content": {"parts": [{"text": str(text)}]}} if text:
                texts.append(text)
            case _:
                raise Malformed(f"requests[{place}].content.parts: must be one part with a text")
    sizes = {_dimensions(one.get("outputDimensionality"), "outputDimensionality") for one in requests}
    if len(sizes) > 1:
        raise Malformed("outputDimensionality: must be the same in all requests")
    return Texts(model_name(body), tuple(texts), sizes.pop())


def _write_gemini(asked: Texts) -> bytes:
    usage = {"promptTokenCount": asked.tokens, "totalTokenCount": asked.tokens}
    return orjson.dumps({"embeddings": [{"values": one} for one in asked.vectors()], "usageMetadata": usage})


def _read_cohere(body: Mapping[str, Any]) -> Texts:
    if not isinstance(body.get("input_type"), str):
        raise Malformed("input_type: must be given")
    kinds = body.get("embedding_types", ["float"])
    if kinds not in (["float"], ["base64"]):
        raise Malformed("embedding_types: must be float or base64 here")
    sizes = _dimensions(body.get("output_dimension"), "output_dimension")
    return Texts(model_name(body), _texts(body.get("texts"), "texts"), sizes, kinds == ["base64"])


def _write_cohere(asked: Texts) -> bytes:
    name = "base64" if asked.encoded else "float"
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": asked.tokens}}
    return orjson.dumps(
        {"id": "simulated", "embeddings": {name: asked.vectors()}, "texts": list(asked.texts), "meta": meta}
    )


def _read_ollama(body: Mapping[str, Any]) -> Texts:
    sizes = _dimensions(body.get("dimensions"), "dimensions")
    return Texts(model_name(body), _texts(body.get("input"), "input"), sizes)


def _write_ollama(asked: Texts) -> bytes:
    told = {"model": asked.model, "embeddings": asked.vectors(), "prompt_eval_count": asked.tokens}
    return orjson.dumps({**told, "total_duration": 1, "load_duration": 1})


def _read_huggingface(body: Mapping[str, Any]) -> Texts:
    return Texts(model_name(body), _texts(body.get("inputs"), "inputs"))


def _write_huggingface(asked: Texts) -> bytes:
    return orjson.dumps(asked.vectors())


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        openai_chat.KIND: Form(
            openai_chat, (openai_chat.BASE + "/embeddings", _AZURE), _read_openai, _write_openai, 2048
        ),
        gemini.KIND: Form(
            gemini, (gemini.BASE + "/models/{model}:batchEmbedContents",), _read_gemini, _write_gemini, 100
        ),
        cohere_chat.KIND: Form(cohere_chat, (cohere_chat.BASE + "/v2/embed",), _read_cohere, _write_cohere, 96),
        ollama_chat.KIND: Form(ollama_chat, (ollama_chat.BASE + "/api/embed",), _read_ollama, _write_ollama, 2048),
        "huggingface": Form(openai_chat, (_HUGGING_FACE,), _read_huggingface, _write_huggingface, 32),
    }
)
"""Every format by the kind of provider that speaks it; `most_texts` of a request are taken, as by the real ones."""
