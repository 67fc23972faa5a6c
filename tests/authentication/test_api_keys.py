"""API keys: what one looks like, what a file of them may hold, and whom one proves."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcpgrpc.logs.redaction import redact
from mcpgrpc_server.authentication.api_keys import (
    MAX_KEYS,
    MAX_SCOPES,
    ApiKeys,
    new_api_key,
    parse_api_keys,
)
from mcpgrpc_server.identity import NotProvenError
from mcpgrpc_server.watched_file import WatchedFileError
from tests.authentication.key_ring import HOLDER, KeyRing, id_of

SHA256 = "0" * 64
RING = KeyRing()


def table(**fields: str | None) -> str:
    """A key as the file has it; a value is TOML, None leaves a field out."""
    known: dict[str, str | None] = {
        "id": '"abc"',
        "name": '"billing"',
        "sha256": f'"{SHA256}"',
        "created_at": "2026-07-28T12:00:00Z",
    }
    lines = [f"{name} = {text}" for name, text in (known | fields).items() if text is not None]
    return "\n".join(["[[key]]", *lines, ""])


def proving(tmp_path: Path, ring: KeyRing) -> ApiKeys:
    return ApiKeys(ring.save(tmp_path / "keys.toml"), interval_seconds=0)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> ApiKeys:
    return proving(tmp_path_factory.mktemp("keys"), RING)


def test_a_key_has_an_id_and_256_random_bits_and_reads_in_one_way() -> None:
    made = [new_api_key("billing", frozenset(), None) for _ in range(100)]
    for key, kept in made:
        assert re.fullmatch(r"mcpgrpc_[a-z2-7]{8}_[a-z2-7]{52}", key)
        assert key.split("_")[1] == kept.id
        assert kept.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert len({kept.id for _, kept in made}) == len({key[17:] for key, _ in made}) == 100


def test_a_log_shows_the_id_of_a_key_and_not_its_secret() -> None:
    assert redact(f"got {RING.good}!") == f"got mcpgrpc_{id_of(RING.good)}_[redacted]!"


def test_a_key_proves_its_holder(tmp_path: Path) -> None:
    identity = proving(tmp_path, RING).prove(RING.good)
    assert identity.subject == HOLDER
    assert identity.scopes == {"tools:read"}


@given(st.text(max_size=200))
@example("")
@example(RING.good[:-1])
@example(RING.good + "a")
@example(RING.good + "\n")
@example(RING.good.upper())
@example(RING.good.replace("_", "__", 1))
@example(f" {RING.good}")
def test_nothing_else_proves_anybody(keys: ApiKeys, key: str) -> None:
    with pytest.raises(NotProvenError, match=r"^the API key is not valid$"):
        keys.prove(key)


def test_only_of_the_right_key_is_it_said_that_it_has_expired(tmp_path: Path) -> None:
    ring = KeyRing()
    late = ring.add("late", lives_seconds=-1)
    keys = proving(tmp_path, ring)
    with pytest.raises(NotProvenError, match=r"^the API key has expired$"):
        keys.prove(late)
    with pytest.raises(NotProvenError, match=r"^the API key is not valid$"):
        keys.prove(f"{late[:-1]}{'q' if late[-1] == 'a' else 'a'}")


def test_a_holder_may_have_two_keys_to_change_over(tmp_path: Path) -> None:
    ring = KeyRing()
    second = ring.add(HOLDER, "tools:read")
    keys = proving(tmp_path, ring)
    old, new = keys.prove(ring.good), keys.prove(second)
    assert old.is_same_caller(new)
    assert old.claims != new.claims


def test_a_key_that_is_taken_out_of_the_file_proves_nobody_any_more(tmp_path: Path) -> None:
    ring, path = KeyRing(), tmp_path / "keys.toml"
    keys = proving(tmp_path, ring)
    identity = keys.prove(ring.good)
    assert keys.holds(identity)
    ring.revoke(ring.good)
    ring.save(path)
    assert not keys.holds(identity)
    with pytest.raises(NotProvenError):
        keys.prove(ring.good)


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({}, True),
        ({"scopes": '["a"]'}, False),
        ({"name": '"other"'}, False),
        ({"expires_at": "2100-01-01T00:00:00Z"}, True),
        ({"expires_at": None}, True),
        ({"expires_at": "2098-01-01T00:00:00Z"}, False),
    ],
)
def test_an_identity_holds_while_its_key_allows_as_much_for_as_long(
    tmp_path: Path, fields: dict[str, str | None], holds: bool
) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(table(expires_at="2099-01-01T00:00:00Z"))
    keys = ApiKeys(path, interval_seconds=0)
    identity = parse_api_keys(path.read_bytes())["abc"].identity
    path.write_text(table(**{"expires_at": "2099-01-01T00:00:00Z", **fields}) + "# changed\n")
    assert keys.holds(identity) is holds


def test_what_a_file_says_of_a_key_is_kept() -> None:
    text = table(scopes='["a", "b:c"]', expires_at="2027-01-01T00:00:00+02:00")
    (key,) = parse_api_keys(text.encode()).values()
    assert (key.id, key.name, key.sha256) == ("abc", "billing", SHA256)
    assert key.scopes == {"a", "b:c"}
    assert key.created_at == datetime(2026, 7, 28, 12, tzinfo=UTC)
    assert key.expires_at == datetime(2026, 12, 31, 22, tzinfo=UTC)


def test_a_file_may_have_no_keys() -> None:
    assert parse_api_keys(b"# none yet\n") == {}


WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "an unknown word": ({"scope": '["a"]'}, "unknown 'scope'"),
    "no id": ({"id": None}, "id is missing"),
    "an id with an underscore": ({"id": '"a_b"'}, "id must be"),
    "an id in capitals": ({"id": '"ABC"'}, "id must be"),
    "an empty id": ({"id": '""'}, "id must be"),
    "an id that is a number": ({"id": "7"}, "id must be a string"),
    "no name": ({"name": None}, "name is missing"),
    "a name with a control character": ({"name": '"a\\u001b[2J"'}, r"name must be .*\\x1b"),
    "a name that is too long": ({"name": f'"{"x" * 129}"'}, "name must be"),
    "the name of nobody": ({"name": '"anonymous"'}, "name must not be 'anonymous'"),
    "no hash": ({"sha256": None}, "sha256 is missing"),
    "a hash that is too short": ({"sha256": '"abc"'}, "sha256 must be 64 hex digits"),
    "the key in the place of its hash": ({"sha256": f'"{RING.good}"'}, "sha256 must be"),
    "no time": ({"created_at": None}, "created_at must be a time"),
    "a time without an offset": ({"created_at": "2026-07-28T12:00:00"}, "with its offset"),
    "a date": ({"expires_at": "2026-07-28"}, "expires_at must be a time"),
    "a time that is text": ({"expires_at": '"2026-07-28T12:00:00Z"'}, "expires_at must be a time"),
    "scopes that are no list": ({"scopes": '"a"'}, "scopes must be a list"),
    "a scope that is no text": ({"scopes": "[1]"}, "scopes must be a list"),
    "a scope with a space": ({"scopes": '["a b"]'}, "scopes must be"),
    "too many scopes": ({"scopes": str([str(n) for n in range(MAX_SCOPES + 1)])}, "scopes must be"),
}


@pytest.mark.parametrize(("fields", "why"), WRONG.values(), ids=WRONG)
def test_a_key_that_cannot_be_one_is_refused_with_its_line(
    fields: dict[str, str | None], why: str
) -> None:
    text = "\n".join(["# a comment", "", table(id='"good"'), table(**fields)])
    line = text.count("\n", 0, text.rindex("[[key]]")) + 1
    with pytest.raises(ValueError, match=rf"^the key in line {line}: .*{why}") as caught:
        parse_api_keys(text.encode())
    assert RING.good not in str(caught.value)


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (b"keys = []", "unknown 'keys'"),
        (b"key = 1", "key must be tables"),
        (b"key = [1]", "key must be tables"),
        (b"[key]\nid = 'a'", "key must be tables"),
        (b"[[key]", "line 1"),
        (b"\xff", "utf-8"),
        ((table() + table()).encode(), r"^the key in line 6: the id abc is there twice"),
        (b"[[key]]\n" * (MAX_KEYS + 1), f"{MAX_KEYS} at most"),
        (b"key = [{}]", "^a key: id is missing"),
    ],
)
def test_what_is_no_file_of_keys_is_refused_with_the_reason(contents: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_api_keys(contents)


def test_the_keys_of_a_file_that_is_not_there_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(WatchedFileError, match=r"cannot use the API keys in .*: it cannot be read"):
        ApiKeys(tmp_path / "nothing.toml")


@pytest.mark.parametrize("name", ["", "anonymous", "a b", "-a", "x" * 129, "ä"])
def test_a_key_is_not_made_for_a_name_that_cannot_be_one(name: str) -> None:
    with pytest.raises(ValueError, match="name must"):
        new_api_key(name, frozenset(), None)


def test_a_key_ends_at_its_time() -> None:
    now = datetime.now(UTC)
    _, ended = new_api_key("a", frozenset(), now)
    _, lives = new_api_key("a", frozenset(), now + timedelta(hours=1))
    _, for_ever = new_api_key("a", frozenset(), None)
    assert [key.has_expired() for key in (ended, lives, for_ever)] == [True, False, False]
