"""Which era a stream speaks (decision 9)."""

from __future__ import annotations

import json

import pytest

from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era, EraGate, is_modern_request

MODERN_PARAMS = {"_meta": {PROTOCOL_VERSION_META_KEY: "2026-07-28"}}


def test_decision_9_a_stream_is_open_until_it_is_decided_and_takes_both_eras() -> None:
    gate = EraGate()
    assert gate.era is Era.OPEN
    assert gate.refuse("tools/list", True, MODERN_PARAMS) is None
    assert gate.refuse("initialize", False, {}) is None
    assert gate.refuse("tools/list", False, None) is None
    assert gate.era is Era.OPEN


def test_decision_9_initialize_with_a_result_makes_it_legacy() -> None:
    gate = EraGate()
    gate.answered("initialize", False, None)
    assert gate.era is Era.LEGACY


@pytest.mark.parametrize("code", [-32602, -32603, 8, 14, 0, -32022])
def test_decision_9_initialize_with_an_error_decides_nothing(code: int) -> None:
    gate = EraGate()
    gate.answered("initialize", False, code)
    assert gate.era is Era.OPEN


@pytest.mark.parametrize("code", [None, -32020, -32021, -32022])
def test_decision_9_a_modern_request_answered_with_a_result_or_a_modern_error_makes_it_modern(
    code: int | None,
) -> None:
    gate = EraGate()
    gate.answered("server/discover", True, code)
    assert gate.era is Era.MODERN


@pytest.mark.parametrize("code", [-32019, -32023, -32600, -32601, -32602, -32603, 0, 8, 14, 16])
def test_decision_9_any_other_error_to_a_modern_request_decides_nothing(code: int) -> None:
    gate = EraGate()
    gate.answered("server/discover", True, code)
    assert gate.era is Era.OPEN


def test_decision_9_a_client_probes_with_discover_and_then_initialises_on_one_stream() -> None:
    gate = EraGate()
    assert gate.refuse("server/discover", True, MODERN_PARAMS) is None
    gate.answered("server/discover", True, -32601)
    assert gate.refuse("initialize", False, {"protocolVersion": "2025-11-25"}) is None
    gate.answered("initialize", False, None)
    assert gate.era is Era.LEGACY


def test_a_legacy_request_before_initialize_decides_nothing() -> None:
    gate = EraGate()
    gate.answered("ping", False, None)
    gate.answered("tools/list", False, -32602)
    assert gate.era is Era.OPEN


def test_decision_9_a_legacy_stream_refuses_modern_requests_and_no_others() -> None:
    gate = EraGate(Era.LEGACY)
    refused = gate.refuse("tools/list", True, MODERN_PARAMS)
    assert refused is not None
    assert refused.error.code == -32600
    assert gate.refuse("tools/list", False, {}) is None
    assert gate.refuse("initialize", False, {}) is None


def test_decision_9_a_modern_stream_refuses_initialize_and_names_what_it_speaks() -> None:
    gate = EraGate(Era.MODERN)
    refused = gate.refuse("initialize", False, {"protocolVersion": "2025-11-25"})
    assert refused is not None
    assert refused.error.code == -32022
    data = json.loads(refused.error.data_json)
    assert data == {"supported": ["2026-07-28"], "requested": "2025-11-25"}
    assert gate.refuse("tools/list", True, MODERN_PARAMS) is None


@pytest.mark.parametrize("params", [None, {}, {"protocolVersion": 1}, {"protocolVersion": None}])
def test_a_version_that_is_no_string_is_not_repeated(params: dict[str, object] | None) -> None:
    refused = EraGate(Era.MODERN).refuse("initialize", False, params)
    assert refused is not None
    assert json.loads(refused.error.data_json) == {"supported": ["2026-07-28"]}


@pytest.mark.parametrize("decided", [Era.LEGACY, Era.MODERN])
def test_decision_9_what_is_decided_or_pinned_stays(decided: Era) -> None:
    gate = EraGate(decided)
    gate.answered("initialize", False, None)
    gate.answered("server/discover", True, None)
    gate.answered("server/discover", True, -32022)
    assert gate.era is decided


def test_the_meta_member_makes_a_request_modern() -> None:
    assert is_modern_request("tools/list", MODERN_PARAMS)
    assert is_modern_request("tools/list", {"_meta": {PROTOCOL_VERSION_META_KEY: None}})


@pytest.mark.parametrize(
    "params",
    [None, {}, {"_meta": None}, {"_meta": []}, {"_meta": "x"}, {"_meta": {}}, {"_meta": {"a": 1}}],
)
def test_without_the_meta_member_a_request_is_legacy(params: dict[str, object] | None) -> None:
    assert not is_modern_request("tools/list", params)


def test_initialize_is_legacy_whatever_it_carries() -> None:
    assert not is_modern_request("initialize", MODERN_PARAMS)
