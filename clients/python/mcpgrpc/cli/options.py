"""The options that every client command takes, declared once.

It opens no connection: `connection` makes a client of them.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mcpgrpc.cli.failures import MisuseError

DEFAULT_TIMEOUT_SECONDS = 60.0

_PANEL = "Connection and output"
_MAX_TIMEOUT_SECONDS = 86_400.0
_OUTPUTS = ("table", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOptions:
    """How to reach a server and how to show what it says. Secrets stay in their files."""

    tls: bool = False
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_server_name: str | None = None
    insecure: bool = False
    token_file: Path | None = None
    api_key_file: Path | None = None
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    wants_json: bool = False
    """Standard output takes one JSON document and nothing else."""


def with_common_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command that takes `options: CommonOptions` each of them as an option of its own."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    common = inspect.signature(common_options, eval_str=True).parameters

    @functools.wraps(command)
    def with_options(**values: Any) -> None:
        options = common_options(**{name: values.pop(name) for name in common})
        command(**values, options=options)

    # typer builds its options from the signature.
    parameters = [each for each in own if each.name != "options"] + list(common.values())
    keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    cast("Any", with_options).__signature__ = inspect.Signature(keywords)
    return with_options


def _option(name: str, help_text: str, metavar: str | None = None, **settings: Any) -> Any:
    variable = f"MCPGRPC_{name.upper().replace('-', '_')}"
    return typer.Option(
        f"--{name}",
        envvar=variable,
        help=help_text,
        metavar=metavar,
        rich_help_panel=_PANEL,
        **settings,
    )


def common_options(
    tls: Annotated[bool, _option("tls", "Use TLS; on with any other --tls option.")] = False,
    tls_ca: Annotated[
        str | None, _option("tls-ca", "Certificates to trust (PEM), not the system's.", "FILE")
    ] = None,
    tls_cert: Annotated[
        str | None, _option("tls-cert", "Own certificate for mutual TLS (PEM).", "FILE")
    ] = None,
    tls_key: Annotated[
        str | None, _option("tls-key", "Key of the own certificate (PEM).", "FILE")
    ] = None,
    tls_server_name: Annotated[
        str | None, _option("tls-server-name", "Name that the certificate must hold.", "NAME")
    ] = None,
    insecure: Annotated[
        bool, _option("insecure", "Send credentials to other machines in plaintext.")
    ] = False,
    token_file: Annotated[
        str | None, _option("token-file", "File with a bearer token.", "FILE")
    ] = None,
    api_key_file: Annotated[
        str | None, _option("api-key-file", "File with an API key.", "FILE")
    ] = None,
    timeout: Annotated[
        str, _option("timeout", "Longest wait for an answer.", "SECONDS")
    ] = f"{DEFAULT_TIMEOUT_SECONDS:g}",
    output: Annotated[
        str, _option("output", "For people, or the protocol's own JSON.", "|".join(_OUTPUTS))
    ] = _OUTPUTS[0],
) -> CommonOptions:
    """The options from the words of a command line or the environment.

    Raises:
        MisuseError: a file is not there, a number is none, or two options contradict each other.
    """
    if output not in _OUTPUTS:
        raise MisuseError(f"--output is {' or '.join(_OUTPUTS)}, not {output!r}")
    if (tls_cert is None) != (tls_key is None):
        raise MisuseError("--tls-cert and --tls-key go together: give both or neither")
    if token_file is not None and api_key_file is not None:
        raise MisuseError("--token-file and --api-key-file both say who calls: give one")
    return CommonOptions(
        # Any option of TLS asks for it: none is ever ignored in favour of plaintext.
        tls=tls or any((tls_ca, tls_cert, tls_server_name)),
        tls_ca=readable_file("tls-ca", tls_ca),
        tls_cert=readable_file("tls-cert", tls_cert),
        tls_key=readable_file("tls-key", tls_key),
        tls_server_name=tls_server_name,
        insecure=insecure,
        token_file=readable_file("token-file", token_file),
        api_key_file=readable_file("api-key-file", api_key_file),
        timeout_seconds=seconds("timeout", timeout),
        wants_json=output == "json",
    )


def seconds(option: str, word: str) -> float:
    """A positive number of seconds, a day at most.

    Raises:
        MisuseError: it is anything else.
    """
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0 < value <= _MAX_TIMEOUT_SECONDS:
        raise MisuseError(
            f"--{option} takes a number of seconds, above 0 and at most"
            f" {_MAX_TIMEOUT_SECONDS:,.0f}, not {word!r}"
        )
    return value


def readable_file(option: str, word: str | None) -> Path | None:
    """The file that an option names; None where it is left out.

    Raises:
        MisuseError: it is not there, or cannot be read.
    """
    if word is None:
        return None
    path = Path(word)
    # Not `is_file`: a shell's <(command) is a pipe.
    if not path.exists() or path.is_dir():
        raise MisuseError(f"--{option}: there is no file {word!r}")
    if not os.access(path, os.R_OK):
        raise MisuseError(f"--{option}: the file {word!r} cannot be read")
    return path
