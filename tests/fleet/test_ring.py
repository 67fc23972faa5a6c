"""The ring of keys by itself: which seals, which open, and what it is when two meet."""

from __future__ import annotations

import json

import pytest

from mcpgrpc_server.fleet.ring import MAX_KEYS, SETTLE_SECONDS, Ring, RingKey, parsed

DAY = 86_400.0
NOW = 1_700_000_000.0


def test_the_key_of_a_new_ring_seals_at_once() -> None:
    ring = Ring.new(NOW)
    assert ring.sealing(NOW) == ring.keys[0]
    assert len(ring.keys[0].secret) == 32


def test_a_fresh_key_opens_long_before_it_seals() -> None:
    ring = Ring.new(NOW)
    [old] = ring.keys
    rotated = ring.rotated(NOW + DAY, DAY)
    [fresh, kept] = rotated.keys
    assert kept == old
    assert rotated.sealing(NOW + DAY + SETTLE_SECONDS - 1) == old
    assert rotated.sealing(NOW + DAY + SETTLE_SECONDS) == fresh
    assert rotated.secrets_from(old) == (old.secret, fresh.secret)
    assert rotated.secrets_from(fresh) == (fresh.secret, old.secret)


def test_a_ring_is_rotated_once_a_period() -> None:
    ring = Ring.new(NOW)
    assert ring.rotated(NOW + DAY - 1, DAY) is ring
    rotated = ring.rotated(NOW + DAY, DAY)
    assert rotated.rotated(NOW + DAY + 1, DAY) is rotated


def test_old_keys_go_as_new_ones_come() -> None:
    ring = Ring.new(NOW)
    [first] = ring.keys
    for day in range(1, MAX_KEYS):
        ring = ring.rotated(NOW + day * DAY, DAY)
        assert first in ring.keys
    ring = ring.rotated(NOW + MAX_KEYS * DAY, DAY)
    assert len(ring.keys) == MAX_KEYS
    assert first not in ring.keys


def test_two_rings_become_the_same_one_whichever_is_asked() -> None:
    one, other = Ring.new(NOW).rotated(NOW + DAY, DAY), Ring.new(NOW)
    assert one.joined(other) == other.joined(one)
    assert set(one.joined(other).keys) == {*one.keys, *other.keys}
    assert one.joined(one) == one


def test_a_ring_is_read_as_it_was_written() -> None:
    ring = Ring.new(NOW).rotated(NOW + DAY, DAY)
    assert parsed(ring.text()) == ring


def test_a_key_is_not_shown_in_a_log() -> None:
    ring = Ring((RingKey(NOW, b"s" * 32),))
    assert "ssss" not in repr(ring)


KEY = {"made": NOW, "key": "c" * 42 + "A="}


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"0",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"v": 2, "keys": [KEY]}).encode(),
        json.dumps({"v": 1, "keys": []}).encode(),
        json.dumps({"v": 1, "keys": [KEY] * 5}).encode(),
        json.dumps({"v": 1, "keys": [{**KEY, "key": "dG9wc2VjcmV0"}]}).encode(),
        json.dumps({"v": 1, "keys": [{**KEY, "made": float("nan")}]}).encode(),
        json.dumps({"v": 1, "keys": [KEY], "more": "x" * 10_000}).encode(),
    ],
    ids=[
        *("empty", "number", "list", "no text", "deep", "later version", "no keys"),
        *("too many", "short key", "no time", "too long"),
    ],
)
def test_nothing_else_is_taken_for_a_ring(stored: bytes) -> None:
    with pytest.raises(ValueError, match="no ring of keys") as refused:
        parsed(stored)
    assert "topsecret" not in str(refused.value)


def test_a_ring_of_this_version_is_taken() -> None:
    """What the refusals above differ from."""
    assert len(parsed(json.dumps({"v": 1, "keys": [KEY]}).encode()).keys) == 1
