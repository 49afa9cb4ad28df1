"""Provider + prompt + params → a request on the wire. litellm translates; nothing is sent here.

litellm's classes for the provider map the parameters, rewrite the messages and build the headers and the address. A parameter that they
refuse, or leave out in silence, is `unsupported_parameter` and nothing goes out; with `drop_params` it is left out and named.
Measured: 0.1 ms for an OpenAI request, 0.4 ms for one to Anthropic, once litellm is loaded.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from harness.ask import JsonObject, Prompt, Provider
from harness.client.door import litellm, quiet
from harness.client.failures import failure
from harness.client.wires import Endpoint, Wire, wire_for
from harness.client.wires.contract import Outgoing
from harness.client.wires.counts import inside
from harness.structured import asks_for_json, stated
from harness.told import Failure, StructuredBy

VIA_LITELLM = "litellm"
"""The wire's name of what litellm calls by itself."""

_NO_KEY = (
    "no-key-given"  # litellm would look for a key in the environment: none is sent that the registry does not name
)
_NEUTRAL: tuple[Any, ...] = (None, "none", "auto", "default", 1, True, [], {})
"""Values that say what a provider does anyway: that they leave no trace in the request is no loss."""


@dataclass(frozen=True)
class Request:
    """What goes out: `params` is the body without its messages, `dropped` names what the provider does not take.

    `json_tool` names the tool through which litellm asks for JSON from a model without such a mode: its call is the text. `tool_names`
    maps names that had to be rewritten back to ours. `stream` is false where the provider cannot stream what is asked for.
    """

    wire: Wire
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    params: JsonObject
    dropped: tuple[str, ...] = ()
    stream: bool = True
    json_tool: str | None = None
    tool_names: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    structured_by: StructuredBy | None = None


class Untranslatable(Exception):
    """There is no request for what is asked; `failure` says why. Nothing was sent."""

    def __init__(self, why: Failure) -> None:
        self.failure = why
        super().__init__(why.error)


@dataclass(frozen=True)
class _Target:
    """Where litellm says a provider's model is served."""

    kind: str
    model: str
    key: str
    base: str | None
    config: Any


def wire_of(provider: Provider, prompt: Prompt, params: JsonObject) -> Wire | None:
    """The wire on which this is asked; None if litellm must call: no wire of ours, or a model that answers elsewhere than in chat.

    litellm knows which of OpenAI's models, or which combinations of tools and reasoning, take its responses API only.
    """
    wire = wire_for(provider.kind)
    endpoint = wire.endpoints[provider.kind] if wire else Endpoint()
    if endpoint.builder is not None and not endpoint.builder.serves(prompt):
        return None
    if not endpoint.has_responses:
        return wire
    main = litellm().main
    with quiet():
        facts, _model = main.responses_api_bridge_check(
            model=provider.model.partition("/")[2],
            custom_llm_provider=provider.kind,
            tools=list(prompt.tools) or None,
            reasoning_effort=params.get("reasoning_effort"),
            api_base=provider.base_url,
        )
    return None if facts.get("mode") == "responses" else wire


def translate(provider: Provider, wire: Wire, prompt: Prompt, params: JsonObject, *, stream: bool) -> Request:
    """The request for this prompt with these params. Raises Untranslatable.

    JSON is asked for in the best way that there is: by means of the provider's own, by a tool that must be called, or else in words.
    """
    endpoint = wire.endpoints[provider.kind]
    if provider.simulated and provider.base_url is None:
        raise Untranslatable(failure("client_error", f"the simulated provider {provider.name!r} is not being served"))
    refused = None if wire.refuses is None else wire.refuses(prompt)
    if refused is not None:
        raise Untranslatable(failure("bad_request", refused))
    if "response_format" in params:
        prompt = replace(prompt, response_format=params["response_format"])
        params = {name: value for name, value in params.items() if name != "response_format"}
    return _in_the_best_way(prompt, lambda one: _translated(provider, wire, endpoint, (one, params, stream)))


def _in_the_best_way(prompt: Prompt, make: Callable[[Prompt], Request]) -> Request:
    form: Any = prompt.response_format
    if not asks_for_json(form):
        return make(prompt)
    try:
        made = make(prompt)
    except Untranslatable:  # a reason other than the response format stays, and is told then
        return replace(make(_in_words(prompt, form)), structured_by="prompt")
    by, schema = made.structured_by, form["type"] == "json_schema"
    if by == "json_schema" or (by == "json_mode" and not schema) or (by == "tool" and not prompt.tools):
        return made
    if by == "json_mode":
        return make(replace(_in_words(prompt, form), response_format={"type": "json_object"}))
    # what is left is no means at all, or a tool that must be called and so hides those of the prompt
    return replace(make(_in_words(prompt, form)), structured_by="prompt")


def _in_words(prompt: Prompt, form: Any) -> Prompt:
    return replace(prompt, messages=stated(prompt.messages, form), response_format=None)


def _translated(provider: Provider, wire: Wire, endpoint: Endpoint, asked: tuple[Prompt, JsonObject, bool]) -> Request:
    module = litellm()
    try:
        with quiet():
            return _translate(provider, wire, endpoint, asked)
    except module.exceptions.UnsupportedParamsError as error:
        said = str(error).partition("To drop")[0].removeprefix("litellm.UnsupportedParamsError: ")
        raise Untranslatable(failure("unsupported_parameter", said, key=provider.api_key)) from error
    except Untranslatable:
        raise
    except Exception as error:  # translations of a hundred providers may raise anything
        status = getattr(error, "status_code", None)
        kind = "bad_request" if status == 400 or isinstance(error, ValueError) else "client_error"
        said = f"litellm cannot translate the request: {error}"
        raise Untranslatable(failure(kind, said, key=provider.api_key)) from error


def _translate(provider: Provider, wire: Wire, endpoint: Endpoint, asked: tuple[Prompt, JsonObject, bool]) -> Request:
    prompt, params, stream = asked
    target = _target(provider, endpoint)
    options = dict(copy.deepcopy(_plain(params)))
    version = options.pop("api_version", None) or litellm().AZURE_DEFAULT_API_VERSION
    own_headers = options.pop("extra_headers", None) or {}
    wanted = {**_plain(prompt.as_json()), **options}
    # litellm leaves out what is null before it translates, since some servers take no null
    messages = [{name: value for name, value in one.items() if value is not None} for one in wanted.pop("messages")]
    own = {name: wanted.pop(name) for name in wire.writes if name in wanted}
    mapped, dropped = _map(target, endpoint, wanted, messages, stream=stream, drop=provider.drop_params)
    json_mode, fake = bool(mapped.pop("json_mode", False)), bool(mapped.pop("fake_stream", False))
    stream = stream and not fake
    extra = mapped.pop("extra_body", None) or {}
    said: dict[str, Any] = {"api_base": target.base, "custom_llm_provider": target.kind}
    headers = _headers(target, endpoint, mapped, messages, said)
    body = {**_body(target, endpoint, messages, mapped, said, headers), **extra}
    _say_stream(body, endpoint, stream=stream)
    unsaid = tuple(name for name, value in own.items() if not wire.writes[name](body, value))
    _refuse(target, unsaid, drop=provider.drop_params)
    out = Outgoing(
        url=_url(target, endpoint, version, mapped, stream=stream),
        headers={name: value for name, value in {**headers, **own_headers}.items() if _NO_KEY not in value},
        body=body,
        model=target.model,
        stream=stream,
        total_s=provider.deadlines.total_s,
    )
    json_tool = litellm().constants.RESPONSE_FORMAT_TOOL_NAME if json_mode else None
    made = finished(wire, out, json_tool)
    return replace(made, dropped=dropped + unsaid, tool_names=said.get("_anthropic_tool_name_map") or {})


def finished(wire: Wire, out: Outgoing, json_tool: str | None = None) -> Request:
    """The request, once litellm's part of it is done. Raises Untranslatable for what the wire has no form for."""
    out = _shaped(wire, out)
    return Request(
        wire=wire,
        url=out.url,
        headers=out.headers,
        body=orjson.dumps(out.body, default=dict),
        params=_without(out.body, wire.messages),
        stream=out.stream,
        json_tool=json_tool,
        structured_by=_structured(wire, out.body, json_tool),
    )


def _structured(wire: Wire, body: JsonObject, json_tool: str | None) -> StructuredBy | None:
    """How the body asks for JSON, short of words."""
    own = None if wire.structured is None else wire.structured(body)
    names = {inside(tool, "name") or inside(tool, "function", "name") for tool in body.get("tools") or ()}
    return own or ("tool" if json_tool in names else None)


def _shaped(wire: Wire, out: Outgoing) -> Outgoing:
    try:
        return out if wire.shape is None else wire.shape(out)
    except ValueError as error:
        raise Untranslatable(failure("unsupported_parameter", str(error))) from error


def _without(body: JsonObject, names: Collection[str]) -> dict[str, Any]:
    """The body without what has one of these names; "a.b" is the b within a."""
    kept = {name: value for name, value in body.items() if name not in names}
    for outer, _, inner in (name.partition(".") for name in names):
        if inner and isinstance(kept.get(outer), Mapping):
            kept[outer] = _without(kept[outer], {inner})
    return kept


def _say_stream(body: dict[str, Any], endpoint: Endpoint, *, stream: bool) -> None:
    if stream and endpoint.builder is None:
        body["stream"] = True
    else:
        body.pop("stream", None)
        body.pop("stream_options", None)
    if not stream and endpoint.streams_unasked:
        body["stream"] = False
    if stream and endpoint.asks_usage:
        body["stream_options"] = {"include_usage": True, **(body.get("stream_options") or {})}


def _target(provider: Provider, endpoint: Endpoint) -> _Target:
    module = litellm()
    key = provider.api_key.reveal() if provider.api_key else _NO_KEY
    given = provider.base_url or endpoint.base
    model, kind, _key, base = module.get_llm_provider(model=provider.model, api_base=given, api_key=key)
    kind = endpoint.translated_as or kind
    if base is None and given is None:  # litellm's classes would fall back to OpenAI's address, and send it the key
        raise Untranslatable(failure("bad_request", f"provider {provider.name!r} ({kind}) needs a base_url"))
    if endpoint.host_first and provider.base_url is None and model.count("/") == 2:
        host, _, rest = model.partition("/")
        model = f"{rest}:{host}"
    config = module.utils.ProviderConfigManager.get_provider_chat_config(
        model=model, provider=module.types.utils.LlmProviders(kind)
    )
    if config is None:
        config = module.OpenAILikeChatConfig()
    return _Target(kind, model, key, base or given, config)


def _map(
    target: _Target, endpoint: Endpoint, wanted: Mapping[str, Any], messages: list[Any], *, stream: bool, drop: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """litellm's parameters for what is wanted, and the names of what leaves no trace in them."""

    def mapping(options: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = litellm().utils.get_optional_params(
            model=target.model,
            custom_llm_provider=target.kind,
            messages=copy.deepcopy(messages),
            stream=stream,
            drop_params=drop,
            **copy.deepcopy(dict(options)),
        )
        if endpoint.builder is None:
            return found
        return {name: value for name, value in found.items() if endpoint.builder.sends(name)}

    mapped = mapping(wanted)
    absent = [name for name in wanted if name not in mapped and name not in (mapped.get("extra_body") or {})]
    lost = [
        name
        for name in absent
        if wanted[name] not in _NEUTRAL
        and mapped == mapping({other: value for other, value in wanted.items() if other != name})
    ]
    _refuse(target, lost, drop=drop)
    return mapped, tuple(lost)


def _refuse(target: _Target, lost: Sequence[str], *, drop: bool) -> None:
    if lost and not drop:
        said = f"{target.kind} does not take {', '.join(lost)} for {target.model}"
        raise Untranslatable(failure("unsupported_parameter", said))


def _body(
    target: _Target,
    endpoint: Endpoint,
    messages: list[Any],
    mapped: dict[str, Any],
    said: dict[str, Any],
    headers: dict[str, str],
) -> dict[str, Any]:
    if endpoint.builder is not None:
        return endpoint.builder.body(target.model, messages, mapped, said)
    body: dict[str, Any] = target.config.transform_request(
        model=target.model, messages=messages, optional_params=mapped, litellm_params=said, headers=headers
    )
    return body


def _headers(
    target: _Target, endpoint: Endpoint, mapped: dict[str, Any], messages: list[Any], said: dict[str, Any]
) -> dict[str, str]:
    if endpoint.key_header:
        headers: dict[str, str] = {endpoint.key_header: target.key}
    else:
        headers = target.config.validate_environment(
            headers={},
            model=target.model,
            messages=messages,
            optional_params=mapped,
            litellm_params=said,
            api_key=target.key,
            api_base=target.base,
        )
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json"
    return headers


def _url(target: _Target, endpoint: Endpoint, api_version: str, mapped: dict[str, Any], *, stream: bool) -> str:
    if endpoint.builder is not None:
        return endpoint.builder.url(target.base or "", target.model, stream=stream)
    if endpoint.path is None:
        url: str = target.config.get_complete_url(
            api_base=target.base,
            api_key=target.key,
            model=target.model,
            optional_params=mapped,
            litellm_params={},
            stream=stream,
        )
        return url
    path = endpoint.path.format(model=target.model, api_version=api_version)
    base = (target.base or "").rstrip("/")
    return base if base.endswith(path) else base + path


def _plain(value: Any) -> Any:
    """JSON of dicts and lists that litellm may change without touching ours."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
