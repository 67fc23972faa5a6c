"""The words of rate limits, and what a caller is counted under."""

from __future__ import annotations

from typing import Any

import pytest

from mcpgrpc_server import ServerSettings
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.caller_key import caller_key
from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.rate_limits.budgets import budgets_of


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [("100/minute", 100, 60), ("5 per second", 5, 1), ("1000/1 day", 1000, 86_400)],
)
def test_a_rate_is_so_many_in_so_much_time(text: str, amount: int, seconds: int) -> None:
    (budget,) = budgets_of(text, [])
    assert (budget.item.amount, budget.item.get_expiry()) == (amount, seconds)


def test_limits_of_tools_stand_before_the_limit_of_all() -> None:
    budgets = budgets_of("100/minute", ["search=10/minute", "*=50/minute"])
    assert [budget.tool for budget in budgets] == ["search", "*", None]


@pytest.mark.parametrize(
    "given",
    [
        {"rate_limit": "100"},
        {"rate_limit": "many/minute"},
        {"rate_limit": "0/minute"},
        {"rate_limit": "1000001/minute"},
        {"rate_limit": "1/2 day"},
        {"rate_limit": "1/month"},
        {"rate_limit_tool": ["search"]},
        {"rate_limit_tool": ["=1/minute"]},
        {"redis": "http://127.0.0.1"},
        {"redis_away": "ajar"},
    ],
    ids=str,
)
def test_what_is_no_limit_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        ServerSettings(**given)


def by(kind: IdentityKind, subject: str, **claims: str) -> tuple[str, ...]:
    return caller_key(Caller("ipv4:10.0.0.1:5", Identity(subject, kind, claims=claims)))


def test_callers_are_told_apart_by_proof_issuer_and_subject() -> None:
    keys = {
        by(IdentityKind.JWT, "a", iss="x"),
        by(IdentityKind.JWT, "a", iss="y"),
        by(IdentityKind.JWT, "b", iss="x"),
        by(IdentityKind.API_KEY, "a"),
        by(IdentityKind.ANONYMOUS, "a"),
    }
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ipv4:10.0.0.7:1", "ipv4:10.0.0.7:2", True),
        ("ipv4:10.0.0.7:1", "ipv4:10.0.0.8:1", False),
        ("ipv6:%5Bfe80::1%5D:1", "ipv6:%5Bfe80::1%5D:2", True),
        ("unix:", "unix:", True),
        ("unix:", "ipv4:10.0.0.7:1", False),
    ],
)
def test_anonymous_callers_are_told_apart_by_host(one: str, other: str, same: bool) -> None:
    assert (caller_key(Caller(one)) == caller_key(Caller(other))) is same
