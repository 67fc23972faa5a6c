"""What a tool asks for in the middle of a call, answered by `--input` or by the person.

It has no model and no roots: a sampling or roots request is answered by `--input` alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mcpgrpc.cli.arguments import parse_object, shorten, typed
from mcpgrpc.cli.failures import CommandError, MisuseError
from mcpgrpc.cli.schema import properties, required, type_name
from mcpgrpc.cli.terminal import escape_controls, write_error, write_json

if TYPE_CHECKING:
    from mcpgrpc.cli.options import CommonOptions
    from mcpgrpc.client.results import CallToolResult

_MAX_TRIES = 3
_ACTIONS = ("accept", "decline", "cancel")


def parse_inputs(words: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The answers of `--input KEY=JSON`, by key.

    Raises:
        MisuseError: a word of another form, or its JSON is not an object.
    """
    answers = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not key or not equals:
            raise MisuseError(f"--input takes KEY=JSON, not {shorten(word)}")
        answers[key] = parse_object(text, f"--input {key}=")
    return answers


def answers(
    tool: str, result: CallToolResult, given: Mapping[str, dict[str, Any]], options: CommonOptions
) -> dict[str, Any]:
    """A response for each of the result's requests.

    Raises:
        CommandError: one is not in `given` and nobody can be asked; the requests have been written.
    """
    unanswered = [
        key
        for key, each in result.input_requests.items()
        if key not in given and not _can_ask(each)
    ]
    if unanswered:
        write_json(result.raw if options.wants_json else result.input_requests)
        raise CommandError(
            f"{tool} asks for input; answer with --input {unanswered[0]}=JSON, where JSON is the"
            " object asked for or the whole result"
        )
    return {
        key: _response(each, given[key]) if key in given else _ask(_object(each.get("params")))
        for key, each in result.input_requests.items()
    }


def check_complete(raw: Mapping[str, Any], what: str) -> None:
    """Lets a complete result pass.

    Raises:
        CommandError: it is of another type, and nothing here goes on with it; it has been written.
    """
    kind = raw.get("resultType", "complete")
    if kind != "complete":
        write_json(raw)
        raise CommandError(f"{what} has no result yet: the server answered {shorten(str(kind))}")


def _can_ask(request: Any) -> bool:
    return _is_elicitation(request) and sys.stdin.isatty()


def _is_elicitation(request: Any) -> bool:
    return isinstance(request, Mapping) and request.get("method") == "elicitation/create"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _response(request: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The result as given; what lacks an action is the content of an accepted elicitation."""
    if _is_elicitation(request) and given.get("action") not in _ACTIONS:
        return {"action": "accept", "content": given}
    return given


def _ask(params: Mapping[str, Any]) -> dict[str, Any]:
    """Asks the person; the end of input (Ctrl-D) declines."""
    write_error(f"{params.get('message') or 'The server asks:'}\n(Ctrl-D declines.)")
    try:
        if params.get("mode") == "url":
            _prompt(f"Open {params.get('url')} and press Enter when done: ")
            return {"action": "accept"}
        form = _object(params.get("requestedSchema"))
        fields = {
            name: _field(name, _object(each), form) for name, each in properties(form).items()
        }
    except EOFError:
        return {"action": "decline"}
    return {"action": "accept", "content": {k: v for k, v in fields.items() if v is not None}}


def _field(name: str, schema: Mapping[str, Any], form: Mapping[str, Any]) -> Any:
    """One value of a form; None where an optional one is left empty."""
    label = (
        f"{schema.get('description') or schema.get('title') or name} ({type_name(schema, form)})"
    )
    for _ in range(_MAX_TRIES):
        text = _prompt(f"{label}: ")
        if not text and ("default" in schema or name not in required(form)):
            return schema.get("default")
        try:
            return typed(text, schema, form)
        except ValueError as expected:
            write_error(f"{shorten(text)} is not {expected}")
    raise CommandError(f"{name} was not given in {_MAX_TRIES} tries")


def _prompt(text: str) -> str:
    # Standard output belongs to the result, so `input` cannot be used.
    print(escape_controls(text), end="", file=sys.stderr, flush=True)  # noqa: T201 - a prompt
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")
