"""`mcpgrpc serve`: serves an app of the reader's own over gRPC.

It has no options of its own but the file's: `serve_options` has them. The server is imported when
it is asked for, so that other commands need not have it.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mcpgrpc.cli import tracing
from mcpgrpc.cli.failures import USED_WRONGLY, CommandError, MisuseError
from mcpgrpc.cli.serve_options import with_options
from mcpgrpc.cli.terminal import one_line, write, write_error
from mcpgrpc.cli.words import WordsCommand

if TYPE_CHECKING:
    from mcpgrpc_server import Server, ServerSettings
    from mcpgrpc_server.backend import Summary

_log = logging.getLogger("mcpgrpc.server")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve", cls=WordsCommand)(with_options(serve))


def serve(
    app: Annotated[
        str | None,
        typer.Argument(
            metavar="APP",
            help="FILE.py or PACKAGE.MODULE, with :ATTRIBUTE where it holds several servers.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            envvar="MCPGRPC_CONFIG",
            help="Settings in TOML, named as --print-config shows.",
        ),
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Show what is in force and from where; stop.")
    ] = False,
    **options: Any,
) -> None:
    """Serve an MCP app over gRPC until SIGTERM or Ctrl-C, which let running calls finish.

    In the place of APP, or beside it, MCP servers that exist are served as well.

    Each option can also be an environment variable or a key of the file;
    --print-config shows their names. An option goes before the environment,
    and that before the file.
    """
    settings = _settings(config, options)
    if print_config:
        from mcpgrpc_server.settings_sources import describe

        write(describe(settings))
    elif app is None and not settings.named_upstreams():
        raise MisuseError(
            "APP is missing, the file to serve: mcpgrpc serve my_app.py; or name an MCP server that"
            " exists with --upstream-command or --upstream-url"
        )
    elif settings.workers > 1:
        _serve_workers(app, settings)
    else:
        _serve(app, settings)


def _settings(config: str | None, options: dict[str, Any]) -> ServerSettings:
    try:
        from mcpgrpc_server.settings import SettingsError
        from mcpgrpc_server.settings_sources import load_settings, misspelt_variables
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    for line in misspelt_variables(os.environ):
        write_error(f"mcpgrpc: {line}")
    # A repeatable option that is not given is an empty list.
    given = {field: value for field, value in options.items() if value not in (None, (), [])}
    try:
        return load_settings(None if config is None else Path(config), given, os.environ)
    except SettingsError as error:
        raise MisuseError(str(error)) from None


def _serve(app: str | None, settings: ServerSettings) -> None:
    _prepare(settings)
    tracing.begin()
    try:
        from mcpgrpc_server.tuning.garbage import collector_at_rest

        with collector_at_rest():
            # From their homes: `mcpgrpc_server.serve` loads the SDK, for the sake of an app.
            from mcpgrpc_server.listeners import ListenError
            from mcpgrpc_server.serving import serve as serve_app
            from mcpgrpc_server.settings import SettingsError
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    loaded = None if app is None else _loaded(app)
    try:
        serve_app(loaded, settings=settings, on_ready=_announce)
    except SettingsError as error:
        raise MisuseError(str(error)) from None
    except ListenError as error:
        _log.debug("not served", exc_info=True)
        raise CommandError(str(error)) from None
    except Exception as error:  # noqa: BLE001 - an app's start raises whatever it likes
        # Who wrote the app needs to see where.
        _log.exception("the server ended")
        said = f"{type(error).__name__}: {one_line(str(error))}"
        raise CommandError(f"{app or 'the server'} failed: {said}") from None


def _serve_workers(app: str | None, settings: ServerSettings) -> None:
    """Each worker prepares itself and loads the app; this process does neither."""
    try:
        from mcpgrpc_server.listeners import ListenError
        from mcpgrpc_server.settings import SettingsError, check_listeners
        from mcpgrpc_server.structured_log import log_as
        from mcpgrpc_server.workers.serving import serve_workers
        from mcpgrpc_server.workers.supervisor import WorkersError
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    log_as(settings)
    try:
        check_listeners(settings)
        serve_workers(app, settings, _own_name(), _say)
    except SettingsError as error:
        raise MisuseError(str(error)) from None
    except WorkersError as error:
        failure = MisuseError if error.exit_code == USED_WRONGLY else CommandError
        raise failure(str(error)) from None
    except ListenError as error:
        raise CommandError(str(error)) from None


def _prepare(settings: ServerSettings) -> None:
    """What must be done before gRPC is imported, and before the app is."""
    from mcpgrpc_server.settings import SettingsError, check_listeners
    from mcpgrpc_server.structured_log import log_as
    from mcpgrpc_server.tuning.process import prepare_process

    try:
        check_listeners(settings)
        prepare_process(settings)
    except SettingsError as error:
        raise MisuseError(str(error)) from None
    # The SDK sets logging up where nobody has.
    log_as(settings)


def _loaded(app: str) -> object:
    try:
        from mcpgrpc_server.tuning.garbage import collector_at_rest

        with collector_at_rest():
            # With the SDK, which who serves upstreams alone need not load.
            from mcpgrpc_server.app_loader import AppLoadError, load_app
    except ModuleNotFoundError as error:
        _refuse_without_extra(error)
    try:
        return load_app(app)
    except AppLoadError as error:
        _log.debug("not served", exc_info=True)
        raise CommandError(str(error)) from None


def _announce(server: Server, summary: Summary) -> None:
    from mcpgrpc_server.startup_banner import startup_banner

    _say(
        startup_banner(summary, server.addresses, server.settings, _own_name(), doors=server.doors)
    )


def _say(banner: str) -> None:
    write(banner)
    # Whoever started this process through a pipe waits for these lines.
    sys.stdout.flush()


def _own_name() -> str:
    """What the reader types for `mcpgrpc`: its path, where the name alone finds another or none."""
    called = Path(sys.argv[0])
    if called.name != "mcpgrpc":
        return "mcpgrpc"
    found = shutil.which("mcpgrpc")
    is_on_path = found is not None and Path(found).resolve() == called.resolve()
    return "mcpgrpc" if is_on_path else shlex.quote(str(called))


def _refuse_without_extra(error: ModuleNotFoundError) -> NoReturn:
    if (error.name or "").partition(".")[0] in {"mcpgrpc", "mcpgrpc_server"}:
        raise error
    raise CommandError(
        f"serving needs {error.name}, which is not installed: pip install 'mcpgrpc[server]'"
    ) from None
