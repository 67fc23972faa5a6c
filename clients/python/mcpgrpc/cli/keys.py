"""`mcpgrpc keys`: makes, lists and revokes the API keys that a server takes.

It talks to no server: a server reads the file again when it changes. A key is shown once and kept
nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mcpgrpc.cli.failures import CommandError, MisuseError
from mcpgrpc.cli.server_extra import server_extra
from mcpgrpc.cli.tables import Table, show
from mcpgrpc.cli.terminal import write, write_error, write_json
from mcpgrpc.cli.words import WordsCommand, WordsGroup

if TYPE_CHECKING:
    from mcpgrpc_server.authentication.api_keys import ApiKey

DEFAULT_EXPIRES = "90d"
NEVER = "never"
MAX_DAYS = 3_660
"""Ten years: beyond it somebody meant `never`."""

_OUTPUTS = ("table", "json")
_LIFE = re.compile(r"(\d{1,6})([dh])")

FileOption = Annotated[
    str,
    typer.Option(
        "--file",
        metavar="FILE",
        envvar="MCPGRPC_API_KEYS",
        help="The file of the keys, as `serve --api-keys` takes it.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    str, typer.Option("--output", metavar="table|json", help="For people, or JSON.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    keys = typer.Typer(cls=WordsGroup, no_args_is_help=True, help="Make, list and revoke API keys.")
    keys.command("new", cls=WordsCommand)(new)
    keys.command("list", cls=WordsCommand)(list_keys)
    keys.command("revoke", cls=WordsCommand)(revoke)
    app.add_typer(keys, name="keys")


def new(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Who it is for: the subject that rights and logs name."
        ),
    ],
    file: FileOption,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="What it allows; repeatable."),
    ] = None,
    expires: Annotated[
        str,
        typer.Option(
            "--expires", metavar="90d|12h|DATE|never", help="How long, or until when, it holds."
        ),
    ] = DEFAULT_EXPIRES,
    another: Annotated[
        bool,
        typer.Option("--another", help="NAME has a key and gets a second, to change over to."),
    ] = False,
    output: OutputOption = "table",
) -> None:
    """Make a key, keep what it is checked by in the file, and print it this once."""
    with server_extra():
        from mcpgrpc_server.authentication.api_key_file import change_api_keys
        from mcpgrpc_server.authentication.api_keys import new_api_key

    wants_json = _wants_json(output)
    expires_at = _expiry(expires, datetime.now(UTC))
    try:
        key, kept = new_api_key(name, frozenset(scope or ()), expires_at)
    except ValueError as error:
        raise MisuseError(str(error)) from None

    def add(keys: dict[str, ApiKey]) -> None:
        held = next((each.id for each in keys.values() if each.name == name), None)
        if held is not None and not another:
            raise CommandError(f"{name} has the key {held}; --another makes one beside it")
        keys[kept.id] = kept

    with _told_errors():
        change_api_keys(Path(file), add)
    if wants_json:
        write_json({"key": key, **_facts(kept)})
    else:
        write(key)
        write_error(f"key {kept.id} of {name}, {_until(kept)}; it is not shown again")


def list_keys(file: FileOption, output: OutputOption = "table") -> None:
    """List the keys of the file; they themselves are not in it."""
    with server_extra():
        from mcpgrpc_server.authentication.api_key_file import read_api_keys

    wants_json = _wants_json(output)
    with _told_errors():
        keys = sorted(
            read_api_keys(Path(file)).values(), key=lambda key: (key.name, key.created_at)
        )
    if wants_json:
        write_json({"keys": [_facts(key) for key in keys]})
        return
    rows = [_row(key) for key in keys]
    show(Table(f"API keys in {file}", ("Id", "Name", "Scopes", "Created", "Holds"), rows))


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, which `list` shows.")],
    file: FileOption,
) -> None:
    """Take a key out of the file; servers that read it stop taking the key within seconds."""
    with server_extra():
        from mcpgrpc_server.authentication.api_key_file import change_api_keys

    def remove(keys: dict[str, ApiKey]) -> None:
        if key_id not in keys:
            raise CommandError(f"{file} has no key of this id; `mcpgrpc keys list` shows the ids")
        names.append(keys.pop(key_id).name)

    names: list[str] = []
    with _told_errors():
        change_api_keys(Path(file), remove)
    write_error(f"revoked the key {key_id} of {names[0]}")


@contextmanager
def _told_errors() -> Iterator[None]:
    from mcpgrpc_server.authentication.api_key_file import ApiKeyFileError

    try:
        yield
    except ApiKeyFileError as error:
        raise CommandError(str(error)) from None


def _expiry(word: str, now: datetime) -> datetime | None:
    """When a key made now ends; None for never.

    Raises:
        MisuseError: it is neither a time to live nor a moment ahead, within ten years.
    """
    if word == NEVER:
        return None
    end = _end(word, now)
    if end is None or not now < end <= now + timedelta(days=MAX_DAYS):
        raise MisuseError(
            "--expires takes days or hours (90d, 12h), a date or a time with its offset that is"
            f" ahead, ten years at most, or never; not {word!r}"
        )
    return end.astimezone(UTC).replace(microsecond=0)


def _end(word: str, now: datetime) -> datetime | None:
    life = _LIFE.fullmatch(word)
    if life is not None:
        hours = int(life[1]) * (24 if life[2] == "d" else 1)
        return now + timedelta(hours=hours)
    try:
        end = datetime.fromisoformat(word)
    except ValueError:
        return None
    # A date alone is its first moment in UTC: no machine's own zone decides when a key ends.
    is_date = len(word) == len("2026-07-28")
    return end.replace(tzinfo=UTC) if is_date else end if end.tzinfo else None


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": _time(key.created_at),
        "expires_at": None if key.expires_at is None else _time(key.expires_at),
        "expired": key.has_expired(),
    }


def _row(key: ApiKey) -> tuple[str, ...]:
    scopes = " ".join(sorted(key.scopes))
    return key.id, key.name, scopes, _time(key.created_at), _until(key)


def _until(key: ApiKey) -> str:
    if key.expires_at is None:
        return "for ever"
    return f"{'expired' if key.has_expired() else 'until'} {_time(key.expires_at)}"


def _time(time: datetime) -> str:
    from mcpgrpc_server.authentication.api_key_file import time_text

    return time_text(time)


def _wants_json(output: str) -> bool:
    if output not in _OUTPUTS:
        raise MisuseError(f"--output is {' or '.join(_OUTPUTS)}, not {output!r}")
    return output == "json"
