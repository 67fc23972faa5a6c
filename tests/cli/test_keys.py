"""`mcpgrpc keys`, and a server that takes what it makes."""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mcp.server import MCPServer

from mcpgrpc.cli.main import main
from mcpgrpc_server import Server, ServerSettings
from tests.cli.conftest import MAX_SECONDS, Finished, Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


Keys = Callable[..., Finished]


@pytest.fixture
def keys(capsys: pytest.CaptureFixture[str]) -> Keys:
    """Runs `mcpgrpc keys` in this process."""

    def finished(*words: str) -> Finished:
        code = main(["keys", *words])
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return finished


def kept(file: Path) -> list[dict[str, object]]:
    """The keys in the file."""
    return list(tomllib.loads(file.read_text()).get("key", []))


async def test_a_new_key_is_shown_once_and_opens_a_server_until_it_is_revoked(
    run: Run, keys: Keys, file: Path, tmp_path: Path, app: MCPServer
) -> None:
    done = keys("new", "billing", "--file", str(file), "--scope", "tools:read")
    assert done.code == 0
    key = done.out.removesuffix("\n")
    assert re.fullmatch(r"mcpgrpc_[a-z0-9]{8}_[a-z2-7]{52}", key)
    assert key.split("_")[2] not in str(kept(file)) + done.err
    assert "it is not shown again" in done.err

    secret = tmp_path / "key"
    secret.write_text(done.out)
    settings = ServerSettings(api_keys=str(file))
    async with Server(app, listen=["127.0.0.1:0"], settings=settings) as server:
        called = await run("tools", server.addresses[0], "--api-key-file", str(secret))
        assert called.code == 0, called.err
        without = await run("tools", server.addresses[0])
        assert (without.code, len(without.err.splitlines())) == (1, 1)
        assert "credentials are needed" in without.err
        (entry,) = kept(file)
        assert keys("revoke", str(entry["id"]), "--file", str(file)).code == 0
        async with asyncio.timeout(MAX_SECONDS):
            # The server looks at the file once in a second.
            while called.code == 0:
                called = await run("tools", server.addresses[0], "--api-key-file", str(secret))
        assert "the API key is not valid" in called.err


def test_keys_are_listed_without_what_they_are_checked_by(keys: Keys, file: Path) -> None:
    keys("new", "billing", "--file", str(file), "--scope", "b", "--scope", "a")
    keys("new", "audit", "--file", str(file), "--expires", "never")
    table = keys("list", "--file", str(file))
    head, audit, billing = table.out.splitlines()
    assert head.split() == ["ID", "NAME", "SCOPES", "CREATED", "HOLDS"]
    assert audit.endswith("for ever")
    assert " billing  a b " in billing
    listed = json.loads((keys("list", "--file", str(file), "--output", "json")).out)
    assert [each["name"] for each in listed["keys"]] == ["audit", "billing"]
    assert listed["keys"][1]["scopes"] == ["a", "b"]
    assert [each["expired"] for each in listed["keys"]] == [False, False]
    hashes = [str(each["sha256"]) for each in kept(file)]
    assert not [each for each in hashes if each in table.out + str(listed)]


def test_a_new_key_as_json(keys: Keys, file: Path) -> None:
    done = keys("new", "billing", "--file", str(file), "--output", "json")
    made = json.loads(done.out)
    assert made["key"].startswith(f"mcpgrpc_{made['id']}_")
    assert (made["name"], made["scopes"], done.err) == ("billing", [], "")


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ((), 90),
        (("--expires", "36h"), 1.5),
        (("--expires", "10d"), 10),
        (("--expires", "never"), None),
    ],
)
def test_a_key_holds_for_as_long_as_is_asked_for(
    keys: Keys, file: Path, words: tuple[str, ...], days: float | None
) -> None:
    keys("new", "billing", "--file", str(file), *words)
    ends = kept(file)[0].get("expires_at")
    if days is None:
        assert ends is None
    else:
        assert isinstance(ends, datetime)
        left = ends - datetime.now(UTC)
        assert timedelta(days=days, minutes=-5) < left <= timedelta(days=days)


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("2030-01-02", datetime(2030, 1, 2, tzinfo=UTC)),
        ("2030-01-02T03:04:05+01:00", datetime(2030, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("2030-01-02T03:04:05Z", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_key_holds_until_the_time_that_is_asked_for(
    keys: Keys, file: Path, word: str, end: datetime
) -> None:
    keys("new", "billing", "--file", str(file), "--expires", word)
    assert kept(file)[0]["expires_at"] == end


@pytest.mark.parametrize(
    "word",
    ["", "90", "0d", "-1d", "1y", "2020-01-01", "2030-01-02T03:04:05", "3661d", "soon", "²d"],
)
def test_a_time_that_is_none_is_told_in_one_line(keys: Keys, file: Path, word: str) -> None:
    done = keys("new", "billing", "--file", str(file), "--expires", word)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "--expires takes days or hours (90d, 12h)" in done.err
    assert not file.exists()


def test_a_holder_gets_a_second_key_only_when_that_is_said(keys: Keys, file: Path) -> None:
    keys("new", "billing", "--file", str(file))
    refused = keys("new", "billing", "--file", str(file))
    assert (refused.code, refused.out) == (1, "")
    assert f"billing has the key {kept(file)[0]['id']}; --another" in refused.err
    assert (keys("new", "billing", "--file", str(file), "--another")).code == 0
    assert [each["name"] for each in kept(file)] == ["billing", "billing"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("new", "anonymous"), 2, "name must not be 'anonymous'"),
        (("new", "a b"), 2, "name must be"),
        (("new", "a", "--scope", "a b"), 2, "scopes must be"),
        (("new", "a", "--output", "xml"), 2, "--output is table or json"),
        (("new",), 2, "Missing argument 'NAME'"),
        (("list",), 1, "cannot read the API keys in"),
        (("revoke", "nothing"), 1, "has no key of this id"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    keys: Keys, file: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = keys(*words, "--file", str(file))
    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1), done.err
    assert said in done.err


def test_a_key_that_was_given_in_the_place_of_its_id_is_not_repeated(
    keys: Keys, file: Path
) -> None:
    key = (keys("new", "billing", "--file", str(file))).out.strip()
    done = keys("revoke", key, "--file", str(file))
    assert done.code == 1
    assert key not in done.err


def test_the_file_can_stand_in_the_environment_as_the_servers_does(
    keys: Keys, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPGRPC_API_KEYS", str(file))
    assert keys("new", "billing").code == 0
    assert len(kept(file)) == 1
