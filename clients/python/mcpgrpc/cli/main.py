"""The entry point of `mcpgrpc`: finds the command, and turns how it ends into an exit code.

It imports neither grpc nor rich nor any command that was not asked for, so that `--help` and the
first word of an answer come at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from mcpgrpc import __version__
from mcpgrpc.cli import tracing
from mcpgrpc.cli.failures import FAILED, INTERRUPTED, USED_WRONGLY, CommandError
from mcpgrpc.cli.terminal import allow_any_text, escape_controls, write
from mcpgrpc.cli.words import WordsGroup

MODULES = {
    "serve": "mcpgrpc.cli.serve",
    "tools": "mcpgrpc.cli.listing",
    "resources": "mcpgrpc.cli.listing",
    "prompts": "mcpgrpc.cli.listing",
    "call": "mcpgrpc.cli.calling",
    "read": "mcpgrpc.cli.reading",
    "prompt": "mcpgrpc.cli.reading",
    "request": "mcpgrpc.cli.requesting",
    "health": "mcpgrpc.cli.health",
    "doctor": "mcpgrpc.cli.doctor",
    "bridge": "mcpgrpc.cli.bridge",
    "gateway": "mcpgrpc.cli.gateway",
    "policy": "mcpgrpc.cli.policy",
    "keys": "mcpgrpc.cli.keys",
}
"""Where each command is; a module is imported for its own commands and for the list of all."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code: 0 fine, 1 failed, 2 used wrongly.

    Nothing is raised: Ctrl-C gives 130, a reader that went away gives 1 without a word.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    # gRPC's core writes its own notes about closing connections to stderr; a user reads our words.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    allow_any_text()
    try:
        try:
            code = _run(words)
        finally:
            tracing.end()
        sys.stdout.flush()
    except BrokenPipeError:
        code = _end_quietly()
    except OSError as error:
        # What is left is output that cannot be written, such as to a full disk.
        _report(CommandError(str(error)))
        code = _end_quietly()
    return code


def build(words: Sequence[str]) -> typer.Typer:
    """The command line as typer sees it, with the command that the words name, else with all."""
    app = typer.Typer(
        name="mcpgrpc",
        cls=WordsGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_before_any_command)
    for module in _modules(words):
        import_module(module).register(app)
    return app


def _modules(words: Sequence[str]) -> Iterable[str]:
    """Those that the words need: the command's, or all where they are to be listed."""
    if "--version" in words[:1]:
        return ()
    named = next((word for word in words if not word.startswith("-")), "")
    return [MODULES[named]] if named in MODULES else dict.fromkeys(MODULES.values())


def _run(words: list[str]) -> int:
    try:
        command = typer.main.get_command(build(words))
        code = command.main(words, prog_name="mcpgrpc", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (CommandError, typer.TyperException) as failure:
        return _report(failure)
    # typer gives the code of `typer.Exit`, else what the command returned.
    return code if isinstance(code, int) else 0


def _report(failure: CommandError | typer.TyperException) -> int:
    message = (
        failure.format_message() if isinstance(failure, typer.TyperException) else str(failure)
    )
    if failure.exit_code == USED_WRONGLY:
        message = " ".join(message.split())
    if message:
        shown = escape_controls(message) if sys.stderr.isatty() else message
        print(f"mcpgrpc: {shown.rstrip()}", file=sys.stderr)  # noqa: T201 - the one place that reports
    return failure.exit_code


def _end_quietly() -> int:
    # The interpreter flushes standard output once more when it ends, and would complain then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _show_version(asked: bool) -> None:
    if asked:
        write(f"mcpgrpc {__version__}")
        raise typer.Exit


def _before_any_command(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """The Model Context Protocol over gRPC: serve an MCP app, or use one that is served."""


if __name__ == "__main__":
    sys.exit(main())
