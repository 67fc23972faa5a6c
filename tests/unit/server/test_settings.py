"""The settings model, where values come from, and what they say when they cannot be used."""

import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from mcpgrpc_server.settings import ServerSettings, SettingsError, check_listeners
from mcpgrpc_server.settings_sources import (
    describe,
    load_settings,
    misspelt_variables,
    option_name,
    variable_name,
)

MIB = 1024 * 1024


def config(folder: Path, text: str) -> Path:
    path = folder / "mcpgrpc.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(
    path: Path | None = None, environ: dict[str, str] | None = None, **options: object
) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, options, environ or {})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_any_source_the_documented_defaults_are_in_force() -> None:
    settings = load_settings(None, {}, {})
    assert settings.listen == ["127.0.0.1:50051"]
    assert settings.reflection is True
    assert settings.drain_grace_seconds == 25
    assert settings.max_message_bytes == settings.max_envelope_bytes == 16 * MIB
    assert (settings.max_in_flight, settings.max_listens) == (1024, 64)
    assert settings.max_concurrent_streams == 1000
    assert settings.insecure is settings.allow_anonymous is False
    assert (settings.log_level, settings.log_format) == ("info", "auto")


def test_an_option_wins_over_the_environment_and_that_over_the_file_and_that_over_the_default(
    tmp_path: Path,
) -> None:
    path = config(tmp_path, "max_in_flight = 1\nmax_listens = 2\nmax_open_fragments = 3\n")
    environ = {"MCPGRPC_MAX_IN_FLIGHT": "10", "MCPGRPC_MAX_LISTENS": "20"}
    settings = load_settings(path, {"max_in_flight": 100, "max_listens": None}, environ)
    assert settings.max_in_flight == 100
    assert settings.max_listens == 20
    assert settings.max_open_fragments == 3
    assert settings.max_items_per_frame == 32
    assert settings.origin("max_in_flight") == "option --max-in-flight"
    assert settings.origin("max_listens") == "environment MCPGRPC_MAX_LISTENS"
    assert settings.origin("max_open_fragments") == f"file {path}"
    assert settings.origin("max_items_per_frame") == "default"


def test_only_the_environment_that_was_passed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPGRPC_MAX_IN_FLIGHT", "7")
    assert load_settings(None, {}, {}).max_in_flight == 1024
    assert ServerSettings().max_in_flight == 1024


def test_a_list_in_the_environment_is_separated_by_commas() -> None:
    settings = load_settings(None, {}, {"MCPGRPC_LISTEN": "127.0.0.1:1, unix:/tmp/s"})
    assert settings.listen == ["127.0.0.1:1", "unix:/tmp/s"]


def test_a_variable_that_is_set_to_nothing_is_not_set() -> None:
    settings = load_settings(None, {}, {"MCPGRPC_LOG_LEVEL": ""})
    assert settings.origin("log_level") == "default"


def test_levels_and_formats_are_read_in_any_case() -> None:
    environ = {"MCPGRPC_LOG_LEVEL": "WARNING", "MCPGRPC_LOG_FORMAT": "Json"}
    settings = load_settings(None, {}, environ)
    assert (settings.log_level, settings.log_format) == ("warning", "json")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        ServerSettings().max_in_flight = 3


def test_a_name_that_is_no_field_is_refused_by_the_model() -> None:
    with pytest.raises(ValidationError, match="max_inflight"):
        ServerSettings(max_inflight=3)  # type: ignore[call-arg]  # the unknown name is the point


def test_an_unknown_key_of_the_file_is_refused_with_the_file_and_the_key_that_was_meant(
    tmp_path: Path,
) -> None:
    path = config(tmp_path, "max_inflight = 3\n")
    assert refusal(path) == f"{path}: unknown setting 'max_inflight'; did you mean max_in_flight?"


def test_an_unknown_key_like_no_other_points_to_the_list(tmp_path: Path) -> None:
    assert "--print-config" in refusal(config(tmp_path, '"a\\nb" = 3\n'))


def test_unknown_variables_are_left_alone_and_near_misses_are_told() -> None:
    environ = {
        "MCPGRPC_PORT": "tcp://10.0.0.1:50051",
        "MCPGRPC_TOKEN_FILE": "/run/token",
        "MCPGRPC_MAX_INFLIGHT": "3",
        "MCPGRPC_MAX_LISTENS": "3",
    }
    assert load_settings(None, {}, environ).max_in_flight == 1024
    assert list(misspelt_variables(environ)) == [
        "MCPGRPC_MAX_INFLIGHT is no setting and ignored; did you mean MCPGRPC_MAX_IN_FLIGHT?"
    ]


@pytest.mark.parametrize(
    ("environ", "options", "where"),
    [
        ({}, {"max_in_flight": 0}, "max_in_flight (option --max-in-flight)"),
        ({"MCPGRPC_MAX_IN_FLIGHT": "0"}, {}, "max_in_flight (environment MCPGRPC_MAX_IN_FLIGHT)"),
    ],
)
def test_a_value_out_of_bounds_is_told_with_where_it_came_from(
    environ: dict[str, str], options: dict[str, int], where: str
) -> None:
    message = refusal(None, environ, **options)
    assert message.startswith(f"{where}: input should be greater than or equal to 1, not ")


def test_a_value_of_the_wrong_type_in_the_file_is_told_with_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, 'max_in_flight = "many"\n')
    assert refusal(path).startswith(f"max_in_flight (file {path}): ")


def test_a_long_value_does_not_make_a_long_message() -> None:
    assert len(refusal(environ={"MCPGRPC_MAX_IN_FLIGHT": "x" * 100_000})) < 300


def test_several_values_that_cannot_be_used_are_told_at_once() -> None:
    message = refusal(max_in_flight=0, max_listens=-1, max_json_depth=1, high_water_bytes=0)
    assert "max_in_flight" in message
    assert message.endswith("and 1 more")


@pytest.mark.parametrize("text", ["max_in_flight = ", "\x00", "[listen"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, text)
    assert refusal(path).startswith(f"{path} is not TOML: ")


def test_a_file_that_is_no_utf8_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "mcpgrpc.toml"
    path.write_bytes(b'log_level = "\xff"')
    assert refusal(path).startswith(f"{path} is not TOML: ")


def test_a_file_that_is_not_there_or_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.toml")
    assert str(tmp_path) in refusal(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 3601])
def test_a_time_that_is_no_time_is_refused(value: float) -> None:
    assert "drain_grace_seconds" in refusal(drain_grace_seconds=value)


def test_every_field_says_what_it_is_and_every_number_is_bounded() -> None:
    for name, field in ServerSettings.model_fields.items():
        assert field.description, name
        if field.annotation in (int, float):
            bounds = {type(each).__name__ for each in field.metadata}
            assert bounds & {"Ge", "Gt"}, name
            assert "Le" in bounds, name
            assert "t most" in (field.description or ""), f"{name} does not give the reason"


def test_every_default_keeps_its_own_bounds() -> None:
    assert ServerSettings(**ServerSettings().model_dump()) == ServerSettings()


def test_a_frame_that_a_message_cannot_hold_is_refused() -> None:
    assert "lower fragment_bytes" in refusal(max_message_bytes=64 * 1024)
    smaller = {"fragment_bytes": 16 * 1024, "max_coalesced_frame_bytes": 16 * 1024}
    settings = load_settings(None, {"max_message_bytes": 64 * 1024, **smaller}, {})
    assert settings.max_message_bytes == 64 * 1024


def test_names_of_options_and_variables_follow_from_the_field() -> None:
    assert option_name("drain_grace_seconds") == "--drain-grace"
    assert option_name("max_in_flight") == "--max-in-flight"
    assert variable_name("drain_grace_seconds") == "MCPGRPC_DRAIN_GRACE_SECONDS"


def test_the_description_names_every_setting_its_value_and_where_it_came_from() -> None:
    settings = load_settings(None, {"max_in_flight": 5}, {"MCPGRPC_LOG_LEVEL": "debug"})
    lines = describe(settings).splitlines()
    # Upstreams are tables of their own, and there is none.
    assert len(lines) == len(ServerSettings.model_fields) - 1
    assert "max_in_flight = 5  # option --max-in-flight" in lines
    assert 'log_level = "debug"  # environment MCPGRPC_LOG_LEVEL' in lines
    assert 'listen = ["127.0.0.1:50051"]  # default' in lines
    assert "reflection = true  # default" in lines


def test_the_description_can_be_used_as_the_file(tmp_path: Path) -> None:
    environ = {"MCPGRPC_LISTEN": 'unix:/tmp/a"b\x7f\\é', "MCPGRPC_MAX_JSON_DEPTH": "17"}
    settings = load_settings(None, {"drain_grace_seconds": 1.5}, environ)
    path = config(tmp_path, describe(settings))
    plain = settings.model_dump(exclude={"redis", "upstreams"})
    assert tomllib.loads(path.read_text(encoding="utf-8")) == plain | {"redis": ""}
    assert load_settings(path, {}, {}).model_dump() == settings.model_dump()


def test_a_secret_is_hidden_in_the_description() -> None:
    class WithSecret(ServerSettings):
        password: SecretStr = SecretStr("hunter2")

    text = describe(WithSecret())
    assert "hunter2" not in text
    assert 'password = "********"' in text


@pytest.mark.parametrize(
    "target",
    ["127.0.0.1:0", "[::1]:50051", "localhost:1", "tools.example:65535", "unix:/tmp/x", "unix:x"],
)
def test_a_listener_is_a_host_and_port_or_a_socket(target: str) -> None:
    assert ServerSettings(listen=[target]).listen == [target]


@pytest.mark.parametrize(
    "target",
    [
        "",
        "50051",
        ":50051",
        "127.0.0.1",
        "127.0.0.1:65536",
        "127.0.0.1:http",
        "127.0.0.1:1/x",
        "::1:50051",
        "dns:///a:1",
        "unix:",
        "unix:/" + "x" * 107,
        "a b:1",
        "127.0.0.1:-1",
        "127.0.0.1:٣",
    ],
)
def test_anything_else_is_no_listener(target: str) -> None:
    assert "listen (option --listen): " in refusal(listen=[target])


def test_a_server_listens_somewhere() -> None:
    assert "listen" in refusal(listen=[])


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "localhost:1",
        "LOCALHOST:1",
        "unix:/x",
    ],
)
def test_loopback_and_sockets_need_nothing_said(target: str) -> None:
    check_listeners(ServerSettings(listen=[target]))


@pytest.mark.parametrize(
    "target",
    [
        "0.0.0.0:1",
        "[::]:1",
        "10.0.0.1:1",
        "localhost.example:1",
        "tools:1",
        "[::ffff:a00:1]:1",
        "127.0.0.1.example:1",
    ],
)
def test_where_other_machines_can_connect_both_must_be_said_out_loud(target: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_listeners(ServerSettings(listen=["127.0.0.1:1", target]))
    for part in (target, "--insecure", "--allow-anonymous"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_was_said_is_not_asked_for_again() -> None:
    with pytest.raises(SettingsError, match=r"without credentials there need --allow-anonymous;"):
        check_listeners(ServerSettings(listen=["0.0.0.0:1"], insecure=True))
    with pytest.raises(SettingsError, match=r"plaintext connections there need --insecure;"):
        check_listeners(ServerSettings(listen=["0.0.0.0:1"], allow_anonymous=True))
    check_listeners(ServerSettings(listen=["0.0.0.0:1"], insecure=True, allow_anonymous=True))
