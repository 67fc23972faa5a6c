"""Results that are one whole number, text or truth value, where a tool declares that they are.

It runs no tool, and leaves every other result to the SDK's own conversion. The SDK validates such a
value, dumps it and validates what it dumped, and gives back the same: that is written at once.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct import stock

_KINDS: Final = (int, str, bool)
"""Types whose values JSON has in one form alone. Numbers with a fraction have several."""

MAX_MODELS: Final = 4_096
"""Models remembered. An app has one for each of its tools, and may make tools as it goes."""


class Scalars:
    """Knows which tools give a scalar."""

    def __init__(self) -> None:
        self._kinds: dict[Any, type[Any] | None] = {}

    def kind_of(self, tool: internals.Tool) -> type[Any] | None:
        """The type that a tool's result is declared as; None where the SDK has to convert it.

        A value of another type, and of one derived from it, is the SDK's to convert as well.
        """
        metadata = tool.fn_metadata
        if (
            type(metadata) is not internals.FuncMetadata
            or metadata.wrap_output is not True
            or metadata.output_schema is None
            or "convert_result" in metadata.__dict__
            or not stock.CONVERSION.untouched()
        ):
            return None
        try:
            return self._kinds[metadata.output_model]
        except KeyError:
            return self._learn(metadata.output_model)
        except TypeError:  # what cannot be a key is no model that the SDK made
            return None

    def _learn(self, model: Any) -> type[Any] | None:
        if len(self._kinds) >= MAX_MODELS:
            self._kinds.clear()
        kind = next((kind for kind in _KINDS if _is_alike(model, kind)), None)
        self._kinds[model] = kind
        return kind


def text_of(value: Any) -> str:
    """The text beside the structured result, as the SDK has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


async def convert(tool: internals.Tool, result: Any) -> Any:
    """What the SDK makes of a result that a tool has given already; raises as `Tool.run` does."""

    async def give() -> Any:
        return result

    no_arguments = tool.fn_metadata.model_copy(update={"arg_model": internals.ArgModelBase})
    given = {"fn": give, "is_async": True, "fn_metadata": no_arguments}
    no_context: Any = None
    return await tool.model_copy(update=given).run({}, no_context, convert_result=True)


def _made_for(kind: type[Any]) -> Any:
    """The model that the SDK makes for a tool with such a result."""

    def tool() -> Any: ...

    tool.__annotations__["return"] = kind
    return internals.tool_metadata.func_metadata(tool).output_model


_MODELS: Final = {kind: _made_for(kind) for kind in _KINDS}


def _is_alike(model: Any, kind: type[Any]) -> bool:
    """Whether a model is one that the SDK made for this type, with nothing added to it."""
    ours = _MODELS[kind]
    return (
        isinstance(model, type)
        and type(model) is type(ours)
        and model.__bases__ == ours.__bases__
        and vars(model).keys() == vars(ours).keys()
        and _rules(model) == _rules(ours)
    )


def _rules(model: Any) -> dict[str, Any]:
    """How pydantic validates and writes a model, but for its names."""
    schema = dict(model.__pydantic_core_schema__)
    for name in ("cls", "ref", "metadata"):
        schema.pop(name, None)
    schema["schema"] = {**schema["schema"], "model_name": ""}
    schema["config"] = {**schema.get("config", {}), "title": ""}
    return schema
