"""The options of the log that every command has which serves somebody: the doors, beside `serve`.

It writes no line; `mcpgrpc.logs` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, cast, get_args

import typer

from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.logs.setup import LogFormat, LogLevel, configure_logging

_PANEL = "Log"

LevelOption = Annotated[
    str,
    typer.Option(
        "--log-level",
        envvar="MCPGRPC_LOG_LEVEL",
        metavar="LEVEL",
        help="debug, info, warning, error or critical.",
        rich_help_panel=_PANEL,
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--log-format",
        envvar="MCPGRPC_LOG_FORMAT",
        metavar="FORMAT",
        help="text, json, or auto: text on a terminal.",
        rich_help_panel=_PANEL,
    ),
]
RedactOption = Annotated[
    list[str] | None,
    typer.Option(
        "--log-redact",
        envvar="MCPGRPC_LOG_REDACT",
        metavar="NAME",
        help="Hide values of this name; repeatable.",
        rich_help_panel=_PANEL,
    ),
]


def log_as(level: str, log_format: str, redact: Iterable[str] | None) -> None:
    """Send the records of the process to standard error.

    Raises:
        MisuseError: a word is none of those that can be meant.
    """
    chosen_level = cast("LogLevel", _one_of("log-level", level, get_args(LogLevel)))
    chosen_format = cast("LogFormat", _one_of("log-format", log_format, get_args(LogFormat)))
    # A variable has them in one text.
    names = [name.strip() for word in redact or () for name in word.split(",")]
    try:
        configure_logging(chosen_level, chosen_format, redact=names)
    except ValueError as error:
        raise MisuseError(f"--log-redact: {error}") from None


def _one_of(option: str, word: str, words: tuple[str, ...]) -> str:
    if word.lower() not in words:
        raise MisuseError(f"--{option} is one of {', '.join(words)}, not {word!r}")
    return word.lower()
