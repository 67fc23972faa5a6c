"""typer commands that take their values as the words that were typed.

typer builds a pydantic adapter for each value that it converts, which costs a client command 150
ms, more than everything else together. It checks no value: whoever takes a word does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.cli.options import with_common_options

_TRUTHS = {"1": True, "true": True, "yes": True, "on": True}
_FALSEHOODS = {"0": False, "false": False, "no": False, "off": False}


def add_command(app: typer.Typer, command: Callable[..., None]) -> None:
    """Adds a command that takes `options: CommonOptions` and otherwise only `str` and `bool`."""
    app.command(cls=WordsCommand)(with_common_options(command))


class WordsGroup(TyperGroup):
    """The command line as a whole or a group of commands, whose own options are flags."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The group's options."""
        return _as_words(super().get_params(ctx))


class WordsCommand(TyperCommand):
    """A command whose parameters are `str`, `bool`, or lists of `str`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's options and arguments."""
        return _as_words(super().get_params(ctx))


def _as_words(parameters: Iterable[Any]) -> list[Any]:
    taken = list(parameters)
    for parameter in taken:
        # Private to typer 0.29 and ignored by those before it. Where it has no effect, commands
        # still work and are slower; a test of the start-up says so.
        parameter._runtime_param = _AsTyped()
    return taken


class _AsTyped:
    """In the place of typer's converter: leaves words as they are; flags come from variables."""

    def coerce(self, value: Any, param: Any, ctx: object) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        is_flag = getattr(param, "is_flag", False)
        return _truth(value, param.envvar) if is_flag and isinstance(value, str) else value


def _truth(word: str, variable: str) -> bool:
    truth = (_TRUTHS | _FALSEHOODS).get(word.strip().lower())
    if truth is None:
        raise MisuseError(f"{variable} is {word!r}, which is neither true nor false")
    return truth
