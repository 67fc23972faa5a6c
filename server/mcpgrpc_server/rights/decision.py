"""What one caller may do under a policy, and why; pure.

It knows no wire. A decision is about a method, and about the name that the method is asked with.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mcpgrpc_server.identity import Identity
from mcpgrpc_server.rights.patterns import Pattern
from mcpgrpc_server.rights.policy import Policy, Rule, qualified_subject
from mcpgrpc_server.rights.vocabulary import Kind

MAX_KEPT: Final = 64
"""Decisions kept of each caller about methods, and about names that it is given: MCP has half as
many methods, a caller has a few tools in use, and both can be made up."""

MAX_KEPT_CHARACTERS: Final = 256
"""Of a method and a name whose decision is kept."""


class Verdict(Enum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    HIDDEN = "hidden"
    """The method is given, the name is not: answered as if nothing had it."""
    FORBIDDEN = "forbidden"
    """The method itself is not given: PERMISSION_DENIED."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the sentence that explains it, for people."""

    verdict: Verdict
    why: str


class Rights:
    """What one caller may do: the rules that fit, held against each request.

    Args:
        policy: the rules in force.
        identity: the caller.
    """

    def __init__(self, policy: Policy, identity: Identity) -> None:
        subject = qualified_subject(identity)
        about = [rule for rule in policy.rules if rule.fits_subject(subject)]
        self._subject = subject
        self._rules = tuple(rule for rule in about if rule.scopes <= identity.scopes)
        self._lacking = tuple(rule for rule in about if not rule.scopes <= identity.scopes)
        self._scopes = identity.scopes
        self._known: dict[str, Decision] = {}
        self._given: dict[tuple[str, Kind, str], Decision] = {}

    def for_method(self, method: str) -> Decision:
        """Whether any rule gives the method, whatever it is asked with."""
        decision = self._known.get(method)
        if decision is None:
            decision = self._judged(method)
            if _is_kept(self._known, method):
                self._known[method] = decision
        return decision

    def _judged(self, method: str) -> Decision:
        for rule in self._rules:
            if rule.gives_method(method):
                return Decision(Verdict.ALLOWED, f"rule {rule.number} gives {method}")
        lacking = self._missing_scope(method)
        if lacking is not None:
            return Decision(Verdict.FORBIDDEN, f"the scope {lacking} is needed for {method}")
        return Decision(Verdict.FORBIDDEN, f"no rule gives {method} to {self._subject}")

    def for_name(self, method: str, kind: Kind, name: str) -> Decision:
        """Whether one rule gives both the method and the name."""
        key = method, kind, name
        decision = self._given.get(key)
        if decision is None:
            decision = self._judged_with(method, kind, name)
            if decision.verdict is Verdict.ALLOWED and _is_kept(self._given, method, name):
                self._given[key] = decision
        return decision

    def _judged_with(self, method: str, kind: Kind, name: str) -> Decision:
        by_method = self.for_method(method)
        if by_method.verdict is Verdict.FORBIDDEN:
            return by_method
        for rule in self._rules:
            if rule.gives_method(method) and (pattern := _giving(rule, kind, name)):
                why = f"rule {rule.number} gives {method} for {kind.value} {pattern.text}"
                return Decision(Verdict.ALLOWED, why)
        word = kind.value.removesuffix("s")
        return Decision(
            Verdict.HIDDEN, f"no rule gives the {word} {name!r} to {self._subject} for {method}"
        )

    def sees(self, method: str, kind: Kind, name: str) -> bool:
        """Whether a list may show a name."""
        return any(
            rule.gives_method(method) and _giving(rule, kind, name) is not None
            for rule in self._rules
        )

    def sees_template(self, method: str, template: str) -> bool:
        """Whether a list may show a URI template: one of its URIs may be given."""
        if "{" not in template:
            return self.sees(method, Kind.RESOURCE, template)
        return any(
            rule.gives_method(method)
            and any(
                pattern.may_match_template(template)
                for pattern in rule.names.get(Kind.RESOURCE, ())
            )
            for rule in self._rules
        )

    def _missing_scope(self, method: str) -> str | None:
        for rule in self._lacking:
            if rule.gives_method(method):
                return " and ".join(sorted(rule.scopes - self._scopes))
        return None


def _is_kept(kept: Sized, *words: str) -> bool:
    return len(kept) < MAX_KEPT and sum(map(len, words)) <= MAX_KEPT_CHARACTERS


def _giving(rule: Rule, kind: Kind, name: str) -> Pattern | None:
    for pattern in rule.names.get(kind, ()):
        fits = pattern.matches_uri(name) if kind is Kind.RESOURCE else pattern.matches(name)
        if fits:
            return pattern
    return None
