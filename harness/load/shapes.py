"""What a suite may say: the keys, their types and their meaning. YAML and Python suites are held against the same shapes.

The descriptions are what an editor shows, by way of the JSON Schema that is made from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    Strict,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from harness import scorers
from harness.judged import ALL
from harness.load.selection import WORD

S = TypeVar("S", bound="SuiteShape")

RESERVED = frozenset(
    {"api_base", "api_key", "base_url", "messages", "model", "response_format", "stream", "tool_choice", "tools"}
)
"""What a request holds beside its params, and what has a place of its own in a suite or in the registry."""


def _word(text: str) -> str:
    if not WORD.fullmatch(text) or text in {"and", "or", "not"}:
        raise ValueError(
            f"'{text}' is not one word\nleave out white space and ( ) & | ! , so that -k and -m can name it"
        )
    return text


def _case_id(text: str) -> str:
    if "::" in text:
        raise ValueError(f"'{text}' has '::' in it\nthat stands between suite and case")
    return _word(text)


def _capability(name: str) -> str:
    if not name.strip() or name == ALL:
        raise ValueError(f"'{name}' is no capability\nname a skill, such as arithmetic; '{ALL}' stands for all of them")
    return name


def _params(params: dict[str, Any]) -> dict[str, Any]:
    if taken := sorted(RESERVED & params.keys()):
        names = ", ".join(f"'{name}'" for name in taken)
        raise ValueError(
            f"{names} cannot be set here\nparams are temperature, max_tokens and the like; tools, tool_choice and"
            " response_schema are keys of a case, the rest stands in the registry"
        )
    return params


def _criterion_schema() -> JsonSchemaValue:
    options = {name: {"type": ["object", "null"], "description": f"options of {name}"} for name in scorers.NAMES}
    part = {"enum": list(scorers.PARTS)}
    long_form = {
        "type": "object",
        "properties": {
            **options,
            "weight": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": "weight among the criteria, 1 if unsaid",
            },
            "not": {"type": "boolean", "description": "true: right where the scorer says wrong"},
            "extract": {
                "anyOf": [part, {"type": "array", "items": part, "minItems": 1}],
                "description": "the part of the reply that the scorer reads; of several the first that is there",
            },
        },
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in scorers.NAMES],
    }
    one = {"anyOf": [{"enum": list(scorers.NAMES)}, long_form]}
    return {"anyOf": [*one["anyOf"], {"type": "array", "items": one, "minItems": 1}]}


_WORD_SCHEMA = WithJsonSchema({"type": "string", "pattern": f"^{WORD.pattern}$"})
Word = Annotated[str, AfterValidator(_word), _WORD_SCHEMA]
CaseId = Annotated[str, AfterValidator(_case_id), _WORD_SCHEMA]
Capability = Annotated[str, AfterValidator(_capability)]
Tags = Annotated[frozenset[Word], Strict(strict=False)]
Params = Annotated[dict[str, JsonValue], AfterValidator(_params)]
Score = Annotated[JsonValue, WithJsonSchema(_criterion_schema())]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _no_arguments() -> dict[str, JsonValue]:
    return {"type": "object", "properties": {}}


class FunctionShape(_Shape):
    """A tool that the model may call."""

    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$", description="what the model calls it by")
    description: str | None = Field(default=None, description="what it does, for the model to read")
    parameters: dict[str, JsonValue] = Field(
        default_factory=_no_arguments,
        description="JSON Schema of its arguments, of type object",
    )
    strict: bool | None = Field(
        default=None, description="whether the provider is to hold the arguments against the schema"
    )

    @model_validator(mode="before")
    @classmethod
    def _openai_form(cls, said: Any) -> Any:
        """`{type: function, function: {…}}`, as OpenAI's API has it, is the same as what stands within."""
        if isinstance(said, Mapping) and said.keys() == {"type", "function"} and said["type"] == "function":
            return said["function"]
        return said

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        short = handler.resolve_ref_schema(handler(core))
        long_form = {
            "type": "object",
            "properties": {"type": {"const": "function"}, "function": dict(short)},
            "required": ["type", "function"],
            "additionalProperties": False,
        }
        return {"description": short.get("description", ""), "anyOf": [dict(short), long_form]}


class _CalledFunction(_Shape):
    name: str
    arguments: str = Field(description="the arguments as JSON text")


class _MessageCall(_Shape):
    id: str
    type: Literal["function"] = "function"
    function: _CalledFunction


class ImageShape(_Shape):
    """Where a picture is, and how closely it is to be looked at."""

    url: str = Field(
        pattern=r"^(https?://[^\s/]+|data:image/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2}$)",
        description="https://…, or the picture itself: data:image/png;base64,…",
    )
    detail: Literal["auto", "low", "high"] | None = Field(default=None, description="how closely it is looked at")


class PartShape(_Shape):
    """A part of what is said: a text, or a picture."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["image_url"]}]})

    type: Literal["text", "image_url"] = Field(description="which of the two it is")
    text: str | None = Field(default=None, description="what is said")
    image_url: ImageShape | None = Field(default=None, description="what is shown")

    @model_validator(mode="after")
    def _is_what_it_says(self) -> PartShape:
        given = {name for name in ("text", "image_url") if getattr(self, name) is not None}
        if given != {self.type}:
            raise ValueError(f"a part of type {self.type} has `{self.type}` and nothing else")
        return self


class MessageShape(_Shape):
    """A message in the OpenAI chat form."""

    role: Literal["system", "developer", "user", "assistant", "tool"] = Field(description="who says it")
    content: str | list[PartShape] | None = Field(
        default=None, description="what is said, and what a user shows: a text, or a list of parts"
    )
    name: str | None = Field(default=None, description="the speaker's name")
    tool_calls: list[_MessageCall] | None = Field(
        default=None, description="what an assistant called, in OpenAI's form"
    )
    tool_call_id: str | None = Field(default=None, description="the call that a tool's message answers")

    @model_validator(mode="after")
    def _says_something(self) -> MessageShape:
        if self.content == [] or (self.content is None and not self.tool_calls):
            raise ValueError("a message says nothing\ngive it `content`")
        if (self.role == "tool") != (self.tool_call_id is not None):
            raise ValueError("`tool_call_id` stands in a tool's message and nowhere else")
        if self.tool_calls and self.role != "assistant":
            raise ValueError("`tool_calls` stand in an assistant's message and nowhere else")
        if self.role != "user" and isinstance(self.content, list) and any(part.image_url for part in self.content):
            raise ValueError("pictures stand in a user's message and nowhere else")
        return self


class AnsweredCall(_Shape):
    """A tool call of an answer."""

    name: str = Field(description="the tool")
    arguments: dict[str, JsonValue] = Field(default_factory=dict, description="what it is called with")


class AnswerShape(_Shape):
    """A reply: a text, or a mapping of text and tool calls."""

    text: str = Field(default="", description="what is said")
    tool_calls: list[AnsweredCall] = Field(default_factory=list, description="what is called")

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, said: Any) -> Any:
        if isinstance(said, str | int | float) and not isinstance(said, bool):
            return {"text": str(said)}
        return said

    @model_validator(mode="after")
    def _answers(self) -> AnswerShape:
        if not self.text and not self.tool_calls:
            raise ValueError("an answer says and calls nothing\ngive it `text`, `tool_calls` or both")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long_form = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": ["string", "number"]}, dict(long_form)]}


class CaseShape(_Shape):
    """One prompt and what is expected of the reply."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}]})

    id: CaseId = Field(description="one word, unique in the suite")
    prompt: str | None = Field(default=None, description="what the user says; or give `messages`")
    messages: list[MessageShape] | None = Field(
        None, min_length=1, description="a whole conversation, in OpenAI's form"
    )
    system: str | None = Field(default=None, description="the system message; overrides the suite's")
    tools: list[FunctionShape] = Field(default_factory=list, description="tools that the model may call")
    tool_choice: str | dict[str, JsonValue] | None = Field(
        default=None, description="auto, none, required, or one function"
    )
    response_schema: dict[str, JsonValue] | None = Field(
        default=None, description="JSON Schema that the reply has to follow"
    )
    expect: JsonValue = Field(default=None, description="what the scorers compare the reply with")
    score: Score = Field(default=None, description="how the reply is judged; overrides the suite's")
    capability: Capability | None = Field(
        default=None, description="the skill that is asked for; overrides the suite's"
    )
    tags: Tags = Field(default=frozenset(), description="words for -m, beside the suite's")
    cluster: str | None = Field(default=None, description="what cases that share a source have in common")
    params: Params = Field(default_factory=dict, description="temperature, max_tokens, …; over the suite's")
    reference: AnswerShape | None = Field(
        None, description="a reply that is right; taken from `expect` where it can be"
    )
    distractor: AnswerShape | None = Field(default=None, description="a reply that is wrong")

    @model_validator(mode="after")
    def _asks_once(self) -> CaseShape:
        if self.prompt is None and self.messages is None:
            raise ValueError("nothing is asked\ngive `prompt` or `messages`")
        if self.prompt is not None and self.messages is not None:
            raise ValueError("`prompt` and `messages` are both given\nkeep one of them")
        if self.prompt is not None and not self.prompt.strip():
            raise ValueError("`prompt` is empty")
        if self.system is not None and any(message.role == "system" for message in self.messages or ()):
            raise ValueError("`system` is given and `messages` has a system message\nkeep one of them")
        return self

    @model_validator(mode="after")
    def _chooses_among_tools(self) -> CaseShape:
        names = [tool.name for tool in self.tools]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the tool '{twice[0]}' is given twice")
        if self.tool_choice is not None and not self.tools:
            raise ValueError("`tool_choice` without `tools`")
        if isinstance(self.tool_choice, str) and self.tool_choice not in {"auto", "none", "required"}:
            raise ValueError(f"tool_choice '{self.tool_choice}' is not one of them\nknown: auto, none, required")
        return self


class YamlCase(CaseShape):
    """One prompt and what is expected of the reply; `{{name}}` in a text stands for a variable."""

    vars: dict[str, JsonValue] = Field(default_factory=dict, description="variables for {{name}}; over the suite's")


class GateShape(_Shape):
    """What the cases have to come to together, for each provider: the lower bound of its interval of 95 % is held against it."""

    min_quality: float | None = Field(default=None, gt=0, lt=1, description="the mean of the scored cases, such as 0.9")
    min_reliability: float | None = Field(
        default=None, gt=0, lt=1, description="the share of questions that the provider answers"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> GateShape:
        if self.min_quality is None and self.min_reliability is None:
            raise ValueError("a gate asks for nothing\ngive `min_quality`, `min_reliability` or both")
        return self


class SuiteShape(_Shape):
    """What all cases of a suite share."""

    description: str = Field(default="", description="what the suite is about, in a sentence")
    capability: Capability | None = Field(default=None, description="the skill that the cases ask for")
    tags: Tags = Field(default=frozenset(), description="words for -m, on each case")
    system: str | None = Field(default=None, description="the system message of each case")
    params: Params = Field(default_factory=dict, description="temperature, max_tokens, … of each case")
    repeat: int = Field(default=1, ge=1, description="how often each case is asked")
    score: Score = Field(default=None, description="how replies are judged, where a case does not say so itself")
    gate: GateShape | None = Field(default=None, description="what the cases have to come to together")


class CasesFrom(_Shape):
    """Cases that are made of the records of a data file."""

    file: str = Field(description="JSON lines or CSV, also gzipped; from the suite's own folder")
    case: dict[str, JsonValue] = Field(
        description="what each record becomes: a case, in whose texts {{name}} stands for the record's field (with _ for what is no letter or digit)"
    )


class YamlSuite(SuiteShape):
    """A suite file; the cases are checked one by one, so that a wrong one hides nothing of the others."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["cases"]}, {"required": ["cases_from"]}]})

    vars: dict[str, JsonValue] = Field(default_factory=dict, description="variables for {{name}} in texts")
    cases: list[Any] = Field(default_factory=list, min_length=1, description="what is asked")
    cases_from: CasesFrom | None = Field(default=None, description="a data file of which cases are made, too")

    @model_validator(mode="after")
    def _asks_something(self) -> YamlSuite:
        if not self.cases and self.cases_from is None:
            raise ValueError("nothing is asked\ngive `cases` or `cases_from`")
        return self


class YamlSuiteWithCases(YamlSuite):
    """A suite: cases that belong together, with what they share."""

    cases: list[YamlCase] = Field(default_factory=list, min_length=1, description="what is asked")


class PythonSuite(SuiteShape):
    """The names that a Python suite may set beside `cases`."""

    count: int | None = Field(default=None, ge=1, description="how many cases are drawn when --limit does not say")


def what_fits(model: type[S], said: object) -> S:
    """The suite's own keys as far as they fit, so that its cases can be checked beside wrong ones."""
    fitting = {}
    for key, value in said.items() if isinstance(said, dict) else ():
        try:
            model.model_validate({key: value})
        except ValidationError:
            continue
        fitting[key] = value
    return model.model_validate(fitting)
