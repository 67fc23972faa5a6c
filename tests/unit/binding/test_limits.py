"""Limits and their announcement (decisions 11, 13 and 14)."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.binding.limits import Limits, PeerLimits, seconds, to_seconds
from mcpgrpc.v1 import session_pb2


@given(
    st.builds(
        Limits,
        max_in_flight=st.integers(min_value=1, max_value=2**32 - 1),
        max_frame_bytes=st.integers(min_value=1, max_value=2**32 - 1),
        max_envelope_bytes=st.integers(min_value=1, max_value=2**63),
        max_open_fragments=st.integers(min_value=0, max_value=2**32 - 1),
        keepalive_interval_seconds=st.sampled_from([0.0, 0.001, 0.5, 30.0, 86_400.0]),
    )
)
def test_what_one_end_announces_is_what_the_other_keeps(limits: Limits) -> None:
    wire = limits.settings().SerializeToString()
    peer = PeerLimits.announced(session_pb2.Settings.FromString(wire))
    for field in dataclasses.fields(PeerLimits):
        assert getattr(peer, field.name) == getattr(limits, field.name)


def test_decision_11_the_window_is_16_until_the_settings_arrive() -> None:
    assert PeerLimits().max_in_flight == 16


def test_settings_that_say_nothing_mean_the_defaults_of_the_schema() -> None:
    peer = PeerLimits.announced(session_pb2.Settings())
    assert peer == PeerLimits()
    assert peer.max_frame_bytes == peer.max_envelope_bytes == 4 * 1024 * 1024


def test_decision_14_no_pieces_are_sent_to_a_peer_that_does_not_announce_them() -> None:
    assert PeerLimits().max_open_fragments == 0
    assert PeerLimits.announced(session_pb2.Settings()).max_open_fragments == 0


def test_the_envelope_s_limit_follows_the_frame_s_where_only_that_is_announced() -> None:
    peer = PeerLimits.announced(session_pb2.Settings(max_frame_bytes=1000))
    assert peer.max_envelope_bytes == 1000


def test_decision_13_no_keep_alive_interval_is_no_promise() -> None:
    assert not Limits(keepalive_interval_seconds=0).settings().HasField("keepalive_interval")
    assert PeerLimits.announced(session_pb2.Settings()).keepalive_interval_seconds == 0


@pytest.mark.parametrize("value", [0.0, 0.5, 1.5, 30.0, 1e-9, 86_400.25])
def test_seconds_survive_both_ways(value: float) -> None:
    assert to_seconds(seconds(value)) == value


def test_a_negative_duration_counts_as_zero() -> None:
    assert to_seconds(seconds(-1.5)) == 0
