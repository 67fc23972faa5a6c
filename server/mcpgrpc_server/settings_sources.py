"""Where settings come from: option before environment before file before default.

It is not the model, and parses no command line: the command passes the options it was given.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc_server.settings import ENVIRONMENT_PREFIX, ServerSettings, SettingsError
from mcpgrpc_server.upstream.setting_checks import shown_url

HIDDEN: Final = "********"
MAX_SHOWN_CHARACTERS: Final = 80
MAX_SHOWN_ERRORS: Final = 3
SAME_NAME_RATIO: Final = 0.85
"""How alike the name of a variable and of a setting are before one is taken for the other."""

TABLES: Final = "upstreams"
"""The one setting that is not a value but tables of its own."""

_MAY_HOLD_SECRETS: Final = (TABLES, "upstream_command", "upstream_url")

Layer: TypeAlias = Mapping[str, tuple[Any, str]]
"""Values by the name of their field, each with where it came from."""


def load_settings(
    config_file: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str]
) -> ServerSettings:
    """The settings in force.

    Args:
        config_file: a TOML file with fields as its keys; None for none.
        overrides: the options given, by field; None means not given.
        environ: the environment; `MCPGRPC_` variables of other names are left alone, since clients
            and Kubernetes have theirs.

    Raises:
        SettingsError: the file cannot be read or is no TOML; a key is unknown; a value is not
            what its field takes.
    """
    found: dict[str, tuple[Any, str]] = {}
    for layer in (_of_file(config_file), _of_environment(environ), _of_options(overrides)):
        found.update(layer)
    origins = {name: origin for name, (_, origin) in found.items()}
    try:
        settings = ServerSettings(**{name: value for name, (value, _) in found.items()})
    except ValidationError as error:
        raise SettingsError(_in_one_line(error, origins)) from None
    settings.set_origins(origins)
    return settings


def describe(settings: ServerSettings) -> str:
    """The settings as TOML, each with where it came from; secrets are hidden."""
    lines = [
        f"{name} = {_toml(_shown_value(settings, name))}  # {settings.origin(name)}\n"
        for name in type(settings).model_fields
        if name != TABLES
    ]
    # A table of TOML ends with the next one, so they come behind everything else.
    for name, table in settings.upstreams.items():
        lines.append(f"\n[{TABLES}.{name}]  # {settings.origin(TABLES)}\n")
        lines += [f"{key} = {_toml(value)}\n" for key, value in table.in_force().items()]
    return "".join(lines)


def option_name(field: str) -> str:
    """The option of a field: `drain_grace_seconds` is `--drain-grace`."""
    return "--" + field.removesuffix("_seconds").replace("_", "-")


def variable_name(field: str) -> str:
    """The environment variable of a field."""
    return f"{ENVIRONMENT_PREFIX}{field.upper()}"


def misspelt_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """A line for each variable that is no setting but nearly the name of one."""
    known = [variable_name(field) for field in ServerSettings.model_fields]
    for name in sorted(environ):
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known:
            for meant in difflib.get_close_matches(name, known, n=1, cutoff=SAME_NAME_RATIO):
                yield f"{escape_controls(name)} is no setting and ignored; did you mean {meant}?"


def _of_file(path: Path | None) -> Layer:
    if path is None:
        return {}
    shown = escape_controls(str(path))
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings in {shown}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{shown} is not TOML: {escape_controls(str(error))}") from None
    for key in values:
        _check_known(key, shown)
    return {key: (value, f"file {shown}") for key, value in values.items()}


def _of_environment(environ: Mapping[str, str]) -> Layer:
    source = EnvSettingsSource(ServerSettings)
    # The source has read the process's own environment by now; the one that was passed counts. A
    # variable that is set to nothing, as compose files and manifests do, is not set.
    source.env_vars = {name.lower(): value for name, value in environ.items() if value}
    return {
        field: (value, f"environment {variable_name(field)}") for field, value in source().items()
    }


def _of_options(overrides: Mapping[str, Any]) -> Layer:
    given = {field: value for field, value in overrides.items() if value is not None}
    return {field: (value, f"option {option_name(field)}") for field, value in given.items()}


def _check_known(key: str, path: str) -> None:
    fields = ServerSettings.model_fields
    if key not in fields:
        close = difflib.get_close_matches(key, fields, n=1)
        hint = f"did you mean {close[0]}?" if close else "--print-config shows what there is"
        raise SettingsError(f"{path}: unknown setting {_shown(key)}; {hint}")


def _in_one_line(error: ValidationError, origins: Mapping[str, str]) -> str:
    errors = error.errors(include_url=False)
    lines = [_one_error(each, origins) for each in errors[:MAX_SHOWN_ERRORS]]
    more = len(errors) - len(lines)
    return "; ".join(lines + ([f"and {more} more"] if more else []))


def _one_error(error: ErrorDetails, origins: Mapping[str, str]) -> str:
    what = str(error.get("ctx", {}).get("error", error["msg"]))
    if not error["loc"]:
        return what
    name = str(error["loc"][0])
    not_what = "" if _is_secret(name) else f", not {_shown(error['input'])}"
    where = ".".join(map(str, error["loc"])) if name == TABLES else name
    return f"{escape_controls(where)} ({origins[name]}): {what[0].lower()}{what[1:]}{not_what}"


def _is_secret(field: str) -> bool:
    if field in _MAY_HOLD_SECRETS:
        return True
    known = ServerSettings.model_fields.get(field)
    return known is not None and SecretStr in (known.annotation, *get_args(known.annotation))


def _shown(value: object) -> str:
    return clip(escape_controls(repr(value)), MAX_SHOWN_CHARACTERS)


def _shown_value(settings: ServerSettings, name: str) -> object:
    value = getattr(settings, name)
    return [shown_url(url) for url in value] if name == "upstream_url" else value


def _toml(value: object) -> str:
    if isinstance(value, SecretStr):
        return f'"{HIDDEN}"' if value.get_secret_value() else '""'
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, Mapping):
        members = ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {members} }}" if members else "{}"
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
