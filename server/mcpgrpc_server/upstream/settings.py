"""What a server is told about its upstreams: a part of its settings.

It starts and reaches nothing; `connectors` makes of it what does.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import NoDecode

from mcpgrpc_server.upstream.setting_checks import (
    check_headers,
    check_url,
    check_variables,
    check_words,
    is_exposed,
    shown_url,
)
from mcpgrpc_server.upstream.stdio.process import split_command

APP_NAME: Final = "app"
"""What the app of `mcpgrpc serve APP` is called among upstreams."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NAMED: Final = re.compile(r"(?P<name>[a-z][a-z0-9-]{0,31})=(?P<value>.*)", re.DOTALL)
_OF_COMMANDS: Final = ("cwd", "env", "env_from", "max_processes")
_OF_URLS: Final = (
    "headers",
    "header_files",
    "tls_ca",
    "insecure",
    "max_sessions",
    "probe_interval_seconds",
)


def _split_lines(value: object) -> object:
    return [line.strip() for line in value.splitlines()] if isinstance(value, str) else value


def _from_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("a JSON object of upstreams by name is needed") from None


def _words(value: object) -> object:
    """A command as a list of words; a text is split as a shell would, and no shell runs."""
    return list(split_command(value)) if isinstance(value, str) else value


class UpstreamTable(BaseModel):
    """One upstream: a command, or a URL, and what goes with it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    command: Annotated[list[str], BeforeValidator(_words)] | None = Field(
        default=None,
        min_length=1,
        max_length=1_024,
        description="The program and its arguments, as one text or as a list. No shell runs it. At "
        "most 1,024 words, far more than people write.",
    )
    url: str | None = Field(
        default=None,
        max_length=2_048,
        repr=False,
        description="Its Streamable HTTP endpoint, http or https. A credential belongs into "
        "headers. At most 2,048 characters, which servers take.",
    )
    cwd: Path | None = Field(
        default=None, description="Where a command runs; where the server does when left out."
    )
    env: dict[str, SecretStr] = Field(
        default={},
        max_length=1_024,
        description="Variables of a command, beside those that programs need (PATH, HOME, LANG and "
        "the like). At most 1,024, far more than people write.",
    )
    env_from: list[str] = Field(
        default=[],
        max_length=1_024,
        description="Names of variables that are let through to a command from the server's own "
        "environment. At most 1,024, far more than people write.",
    )
    headers: dict[str, SecretStr] = Field(
        default={},
        max_length=64,
        description="Headers of every request to a URL: the upstream's own credential. At most "
        "64, since servers take few.",
    )
    header_files: dict[str, Path] = Field(
        default={},
        max_length=64,
        description="Headers whose values stand in files, which are read again for every request. "
        "At most 64, since servers take few.",
    )
    tls_ca: Path | None = Field(
        default=None,
        description="A PEM file of the certificate authorities that a URL is trusted by, and no "
        "others; the system's when left out.",
    )
    insecure: bool = Field(
        default=False,
        description="Headers may go over plaintext to another machine.",
    )
    prefix: Literal["collisions", "always"] = Field(
        default="collisions",
        description="When names carry the upstream's name in front: where they collide with those "
        "of another one, or always.",
    )
    max_processes: int = Field(
        default=16,
        ge=1,
        le=1_024,
        description="Processes of a command at once: one for all modern requests, or where it "
        "speaks the legacy era alone one for each identity, and one for each legacy client. At "
        "least 1, or nothing runs; at most 1,024, since each is a program.",
    )
    max_sessions: int = Field(
        default=256,
        ge=1,
        le=65_536,
        description="Legacy sessions with a URL at once, counted as max_processes are. At least "
        "1, or nothing runs; at most 65,536, since each holds connections.",
    )
    start_timeout_seconds: float = Field(
        default=60,
        gt=0,
        le=600,
        description="How long an upstream may take for its first answer. At most ten minutes, "
        "since one that hangs is tried again only then.",
    )
    probe_interval_seconds: float = Field(
        default=10,
        ge=0.1,
        le=3_600,
        description="How often a URL is asked whether it still answers. At least 0.1, since each "
        "is a request; at most an hour, since health is wrong so long.",
    )
    session_idle_seconds: float = Field(
        default=300,
        ge=1,
        le=86_400,
        description="How long the legacy session of a caller's modern requests is kept without "
        "any. At least 1, or each request begins one; at most a day, since each holds a place.",
    )

    def in_force(self) -> dict[str, object]:
        """What holds for it, by setting; secrets are as they are hidden."""
        others = _OF_COMMANDS if self.url is not None else _OF_URLS
        values = {name: getattr(self, name) for name in type(self).model_fields}
        if self.url is not None:
            values["url"] = shown_url(self.url)
        return {
            name: value
            for name, value in values.items()
            if value is not None and name not in others
        }

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("an upstream has either a command or a url")
        kind, others = ("a url", _OF_COMMANDS) if self.url is not None else ("a command", _OF_URLS)
        for name in others:
            if name in self.model_fields_set:
                raise ValueError(f"{name} is not for {kind}")
        return self

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if self.command is not None:
            check_words(self.command)
            check_variables(self.env, self.env_from)
        if self.url is not None:
            check_url(self.url)
            check_headers(self.headers, self.header_files)
            if (self.headers or self.header_files) and not self.insecure and is_exposed(self.url):
                raise ValueError(
                    "its headers would go over plaintext to another machine: use https, or say"
                    " insecure = true"
                )
        return self


class UpstreamSettings(BaseModel):
    """The upstreams of a server."""

    upstream_command: Annotated[list[str], NoDecode, BeforeValidator(_split_lines)] = Field(
        default=[],
        max_length=64,
        description="A command that speaks MCP on its standard input and output, offered as a "
        "service; NAME= may stand in front of it. Separated by line breaks in the variable. At "
        "most 64, since each is a process.",
    )
    upstream_url: Annotated[list[str], NoDecode, BeforeValidator(_split_lines)] = Field(
        default=[],
        max_length=64,
        description="The URL of an MCP server over Streamable HTTP, offered as a service; NAME= "
        "may stand in front of it. Separated by line breaks in the variable. At most 64, since "
        "each is probed.",
    )
    upstreams: Annotated[dict[str, UpstreamTable], NoDecode, BeforeValidator(_from_json)] = Field(
        default={},
        max_length=64,
        description="Upstreams by name, each a table of the settings below; in the variable a "
        "JSON object. At most 64, since each is a process or is probed.",
    )

    @model_validator(mode="after")
    def _upstreams_have_names(self) -> Self:
        self.named_upstreams()
        return self

    def named_upstreams(self) -> dict[str, UpstreamTable]:
        """Every upstream by its name, in the order in which they are offered.

        That is tables, then commands, then URLs. Those without a name are `upstream1`, `upstream2`
        and so on.

        Raises:
            ValueError: a name is none, or stands twice; a command or a URL cannot be used.
        """
        named: dict[str, UpstreamTable] = {}
        for name, table in self.upstreams.items():
            _enter(named, name, table)
        given = [("command", text) for text in self.upstream_command]
        given += [("url", text) for text in self.upstream_url]
        unnamed = 0
        for kind, text in given:
            found = _NAMED.fullmatch(text)
            if found is None:
                unnamed += 1
            name = f"upstream{unnamed}" if found is None else found["name"]
            value = text if found is None else found["value"]
            _enter(named, name, _table(name, kind, value))
        return named


def _enter(named: dict[str, UpstreamTable], name: str, table: UpstreamTable) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot name an upstream: a small letter, then at most 31 small letters,"
            " digits or dashes"
        )
    if name in named:
        raise ValueError(f"two upstreams are called {name}; put another NAME= in front of one")
    named[name] = table


def _table(name: str, kind: str, value: str) -> UpstreamTable:
    try:
        return UpstreamTable.model_validate({kind: value})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = first.get("ctx", {}).get("error", first["msg"])
        raise ValueError(f"upstream {name}: {what}") from None
