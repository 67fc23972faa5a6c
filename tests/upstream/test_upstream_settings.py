"""What can be said about upstreams, what is refused, and what is never shown."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mcpgrpc_server import ServerSettings, SettingsError
from mcpgrpc_server.merge.backend import MergedBackend
from mcpgrpc_server.offering import offering_of
from mcpgrpc_server.settings_sources import describe, load_settings
from mcpgrpc_server.upstream.backend import UpstreamBackend
from mcpgrpc_server.upstream.settings import UpstreamTable
from tests.upstream.http_app import Told

SECRET = "s3cret-of-the-test"


def named(**settings: Any) -> dict[str, UpstreamTable]:
    return ServerSettings.model_validate(settings).named_upstreams()


def refusal(path: Path | None = None, environ: dict[str, str] | None = None, **options: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, options, environ or {})
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def table(**values: Any) -> str:
    """What refuses a table of the upstream `x`, given as JSON in the environment."""
    return refusal(environ={"MCPGRPC_UPSTREAMS": json.dumps({"x": values})})


def test_a_command_is_split_as_a_shell_would() -> None:
    upstream = named(upstream_command=["files=npx -y 'a server' \"with $HOME\" \\* | sh"])["files"]
    assert upstream.command == ["npx", "-y", "a server", "with $HOME", "*", "|", "sh"]


def test_upstreams_without_a_name_are_numbered_commands_first() -> None:
    found = named(upstream_command=["one", "named=two"], upstream_url=["http://a/", "http://b/"])
    assert list(found) == ["upstream1", "named", "upstream2", "upstream3"]
    assert found["upstream1"].command == ["one"]
    assert found["upstream3"].url == "http://b/"


def test_an_equals_sign_in_a_url_or_an_argument_is_no_name() -> None:
    found = named(upstream_command=["x --a=b"], upstream_url=["http://h/?a=b"])
    assert found["upstream1"].command == ["x", "--a=b"]
    assert found["upstream2"].url == "http://h/?a=b"


def test_tables_commands_and_urls_are_offered_in_this_order() -> None:
    found = named(
        upstreams={"z": {"command": "one"}},
        upstream_command=["y=two"],
        upstream_url=["x=http://h/"],
    )
    assert list(found) == ["z", "y", "x"]


def test_in_a_variable_upstreams_stand_on_lines_and_tables_are_json() -> None:
    environ = {
        "MCPGRPC_UPSTREAM_COMMAND": "a=one --list=1,2\nb=two",
        "MCPGRPC_UPSTREAM_URL": "http://h/",
        "MCPGRPC_UPSTREAMS": '{"c": {"url": "https://h/", "headers": {"x-key": "k"}}}',
    }
    found = load_settings(None, {}, environ).named_upstreams()
    assert list(found) == ["c", "a", "b", "upstream1"]
    assert found["a"].command == ["one", "--list=1,2"]
    assert found["c"].headers["x-key"].get_secret_value() == "k"


def test_two_of_one_name_are_refused() -> None:
    said = refusal(upstream_command=["a=one"], upstream_url=["a=http://h/"])
    assert said == "two upstreams are called a; put another NAME= in front of one"


@pytest.mark.parametrize("name", ["A", "9", "a_b", "a.b", "", "a" * 33, "a\nb"])
def test_a_name_is_small_letters_digits_and_dashes(name: str) -> None:
    environ = {"MCPGRPC_UPSTREAMS": json.dumps({name: {"command": "x"}})}
    assert "cannot name an upstream" in refusal(environ=environ)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://h/", "must begin with http://HOST or https://HOST"),
        ("h:80/mcp", "must begin with http://HOST or https://HOST"),
        ("http:///mcp", "must begin with http://HOST or https://HOST"),
        ("", "must begin with http://HOST or https://HOST"),
        (f"https://user:{SECRET}@h/", "a credential belongs into headers"),
        (f"https://{SECRET}@h/", "a credential belongs into headers"),
        ("https://h/#f", "holds what no server is sent"),
        ("https://h/a b", "holds what no server is sent"),
        ("https://h:99999/", "port"),
        ("https://h:x/", "port"),
        ("https://[::1/", "host"),
        (f"https://[{SECRET}]/", "host"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, why: str) -> None:
    said = refusal(upstream_url=[f"name={url}"])
    assert said.startswith("upstream name: ")
    assert why in said
    assert why in table(url=url)


@pytest.mark.parametrize(("command", "why"), [("", "empty"), ("'x", "quotation"), ("''", "empty")])
def test_a_command_that_is_none_is_refused(command: str, why: str) -> None:
    assert why in refusal(upstream_command=[f"name={command}"])
    assert why in table(command=command)


def test_an_upstream_is_a_command_or_a_url() -> None:
    assert "either a command or a url" in table()
    assert "either a command or a url" in table(command="x", url="https://h/")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"command": "x", "headers": {"a": SECRET}}, "headers is not for a command"),
        ({"command": "x", "insecure": True}, "insecure is not for a command"),
        ({"url": "https://h/", "env": {"A": SECRET}}, "env is not for a url"),
        ({"url": "https://h/", "max_processes": 3}, "max_processes is not for a url"),
        ({"command": "x", "env": {"A=B": SECRET}}, "cannot be the name of an environment variable"),
        ({"command": "x", "env": {"A": f"{SECRET}\0"}}, "holds a NUL"),
        ({"command": "x", "env_from": [""]}, "cannot be the name of an environment variable"),
        ({"url": "https://h/", "headers": {"a b": SECRET}}, "cannot be the name of a header"),
        ({"url": "https://h/", "headers": {"a": f"{SECRET}\r\nb: c"}}, "holds what no header can"),
        (
            {"url": "https://h/", "headers": {"A": "x"}, "header_files": {"a": "/f"}},
            "a header stands twice",
        ),
        ({"command": "x", "max_processes": 0}, "greater than or equal to 1"),
        ({"command": "x", "start_timeout_seconds": "inf"}, "finite"),
        ({"command": "x", "prefix": "never"}, "collisions"),
        ({"command": "x", "comand": SECRET}, "extra inputs"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(values: dict[str, Any], why: str) -> None:
    said = table(**values)
    assert said.startswith("upstreams.x")
    assert "environment MCPGRPC_UPSTREAMS" in said
    assert why in said


def test_what_is_no_json_is_refused_without_being_shown() -> None:
    said = refusal(environ={"MCPGRPC_UPSTREAMS": f"{{{SECRET}"})
    assert "a JSON object of upstreams by name is needed" in said


@pytest.mark.parametrize("how", ["headers", "header_files"])
@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("http://search.example/mcp", True),
        ("http://10.0.0.1/mcp", True),
        ("http://127.0.0.1.example/mcp", True),
        ("https://search.example/mcp", False),
        ("http://127.0.0.1:1/mcp", False),
        ("http://localhost/mcp", False),
        ("http://[::1]:1/mcp", False),
    ],
)
def test_a_credential_goes_over_plaintext_only_where_that_is_meant(
    how: str, url: str, is_refused: bool
) -> None:
    value = "/run/secret" if how == "header_files" else SECRET
    if is_refused:
        assert "insecure = true" in table(url=url, **{how: {"authorization": value}})
    else:
        UpstreamTable.model_validate({"url": url, how: {"authorization": value}})
    UpstreamTable.model_validate({"url": url, how: {"authorization": value}, "insecure": True})
    UpstreamTable.model_validate({"url": url})


def test_no_secret_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "mcpgrpc.toml"
    path.write_text(
        f"""
        upstream_url = ["https://one.example/mcp?key={SECRET}"]
        [upstreams.a]
        command = "x"
        env = {{ TOKEN = "{SECRET}" }}
        [upstreams.b]
        url = "https://two.example/mcp?key={SECRET}"
        headers = {{ authorization = "Bearer {SECRET}" }}
        """,
        encoding="utf-8",
    )
    settings = load_settings(path, {}, {})
    shown = describe(settings)
    assert SECRET not in shown
    assert SECRET not in repr(settings.named_upstreams())
    in_force = tomllib.loads(shown)
    assert in_force["upstream_url"] == ["https://one.example/mcp?********"]
    assert in_force["upstreams"]["a"]["env"] == {"TOKEN": "********"}
    assert in_force["upstreams"]["a"]["command"] == ["x"]
    assert in_force["upstreams"]["b"]["headers"] == {"authorization": "********"}
    assert in_force["upstreams"]["b"]["url"] == "https://two.example/mcp?********"
    assert f"[upstreams.a]  # file {path}\n" in shown


def test_the_model_itself_shows_no_secret_when_it_refuses() -> None:
    with pytest.raises(ValidationError) as caught:
        ServerSettings.model_validate(
            {"upstreams": {"a": {"command": "x", "env": {"A": SECRET}, "prefix": SECRET}}}
        )
    assert SECRET not in str(caught.value)


def offered(own: object = None, /, **upstreams: Any) -> object:
    return offering_of(own, ServerSettings.model_validate({"upstreams": upstreams})).backend


def test_one_upstream_is_offered_as_it_is_and_several_as_one() -> None:
    one, always = {"command": "x"}, {"command": "x", "prefix": "always"}
    assert isinstance(offered(a=one), UpstreamBackend)
    assert isinstance(offered(a=always), MergedBackend)
    assert isinstance(offered(a=one, b=one), MergedBackend)


async def test_an_app_beside_upstreams_is_a_member_called_app() -> None:
    told = Told()
    assert isinstance(offered(told.app, a={"command": "x"}), MergedBackend)
    with pytest.raises(SettingsError, match="an upstream is called app"):
        offered(told.app, app={"command": "x"})
    assert isinstance(offered(app={"command": "x"}), UpstreamBackend)


def test_without_an_app_and_without_upstreams_there_is_nothing_to_serve() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        offered()
