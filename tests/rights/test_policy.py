"""The policy file and its decisions."""

from __future__ import annotations

import pytest

from mcpgrpc_server.identity import ANONYMOUS, Identity, IdentityKind
from mcpgrpc_server.rights.decision import (
    MAX_KEPT,
    MAX_KEPT_CHARACTERS,
    Rights,
    Verdict,
)
from mcpgrpc_server.rights.policy import PolicyError, parse_policy
from mcpgrpc_server.rights.vocabulary import Kind

ALLOWED, HIDDEN, FORBIDDEN = Verdict.ALLOWED, Verdict.HIDDEN, Verdict.FORBIDDEN
POLICY = """
[[rules]]
comment = "everybody may look things up"
subjects = ["*"]
tools = ["search", "docs_*"]

[[rules]]
subjects = ["jwt:alice", "mtls:spiffe://mesh/ns/ops/*"]
tools = ["restart"]
resources = ["logs:///*"]

[[rules]]
scopes = ["mcp:prompts"]
prompts = ["*"]

[[rules]]
subjects = ["api_key:lister"]
methods = ["tools/list"]
tools = ["*"]
"""


def rights(caller: Identity, policy: str = POLICY) -> Rights:
    return Rights(parse_policy(policy.encode()), caller)


def by_token(subject: str, *scopes: str) -> Identity:
    return Identity(subject, IdentityKind.JWT, scopes=frozenset(scopes))


def tool(caller: Identity, name: str, policy: str = POLICY) -> Verdict:
    return rights(caller, policy).for_name("tools/call", Kind.TOOL, name).verdict


def test_what_a_rule_gives_is_allowed_and_what_none_gives_is_hidden() -> None:
    assert tool(by_token("bob"), "search") is ALLOWED
    assert tool(by_token("bob"), "docs_find") is ALLOWED
    assert tool(by_token("bob"), "restart") is HIDDEN
    assert tool(by_token("alice"), "restart") is ALLOWED


def test_a_method_that_no_rule_gives_is_forbidden() -> None:
    assert rights(by_token("bob")).for_method("prompts/get").verdict is FORBIDDEN
    assert rights(by_token("bob")).for_method("tasks/get").verdict is FORBIDDEN


def test_a_missing_scope_is_named() -> None:
    decision = rights(by_token("bob")).for_method("prompts/get")
    assert decision.why == "the scope mcp:prompts is needed for prompts/get"
    assert rights(by_token("bob", "mcp:prompts")).for_method("prompts/get").verdict is ALLOWED


def test_all_scopes_of_a_rule_must_be_held() -> None:
    policy = '[[rules]]\nscopes = ["a", "b"]\ntools = ["*"]\n'
    assert tool(by_token("x", "a"), "t", policy) is FORBIDDEN
    assert tool(by_token("x", "a", "b", "c"), "t", policy) is ALLOWED


def test_a_subject_is_of_the_kind_that_proved_it() -> None:
    assert tool(Identity("alice", IdentityKind.API_KEY), "restart") is HIDDEN
    assert tool(Identity("spiffe://mesh/ns/ops/x", IdentityKind.MTLS), "restart") is ALLOWED
    assert tool(Identity("spiffe://mesh/ns/ops/x", IdentityKind.JWT), "restart") is HIDDEN
    anonymous = '[[rules]]\nsubjects = ["anonymous"]\ntools = ["*"]\n'
    assert tool(ANONYMOUS, "t", anonymous) is ALLOWED
    assert tool(by_token("anonymous"), "t", anonymous) is FORBIDDEN


def test_named_methods_narrow_a_rule() -> None:
    lister = Identity("lister", IdentityKind.API_KEY)
    assert rights(lister).sees("tools/list", Kind.TOOL, "anything")
    assert tool(lister, "anything") is HIDDEN


def test_a_name_and_its_method_must_come_from_one_rule() -> None:
    policy = (
        '[[rules]]\nsubjects = ["*"]\nmethods = ["tools/call"]\ntools = ["a"]\n'
        '[[rules]]\nsubjects = ["*"]\nmethods = ["tools/list"]\ntools = ["b"]\n'
    )
    assert tool(by_token("x"), "a", policy) is ALLOWED
    assert tool(by_token("x"), "b", policy) is HIDDEN


def test_a_policy_without_rules_gives_nothing() -> None:
    nothing = rights(by_token("alice"), "")
    for method in ("initialize", "ping", "server/discover", "tools/list", "tools/call"):
        assert nothing.for_method(method).verdict is FORBIDDEN


def test_any_rule_gives_the_hello() -> None:
    for method in ("initialize", "ping", "server/discover", "subscriptions/listen"):
        assert rights(by_token("bob")).for_method(method).verdict is ALLOWED


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("[[rules]]\nsubject = ['*']", "rule 1: 'subject' means nothing"),
        ("[[rules]]\ntools = ['x']", "rule 1: whom it is for is missing"),
        ("[[rules]]\nsubjects = ['alice']", "rule 1: a subject is api_key:NAME"),
        ("[[rules]]\nsubjects = []", "rule 1: subjects is empty"),
        ("[[rules]]\nsubjects = ['*']\ntools = 'x'", "rule 1: tools is a list of texts"),
        ("[[rules]]\nsubjects = ['*']\ntools = ['']", "rule 1: tools: a pattern has 1 to"),
        ("[[rules]]\nsubjects = ['*']\n\n[[rules]]\nscopes = [1]", "rule 2: scopes is a list"),
        ("[rules]", "rules is a list of tables"),
        ("[[rule]]", "'rule' means nothing"),
        ("rules = ", "it is not TOML"),
        ("[[rules]]\nsubjects = ['*']\n" * 1025, "there are 1025 rules"),
    ],
)
def test_a_file_that_says_what_has_no_meaning_is_refused_whole(policy: str, said: str) -> None:
    with pytest.raises(PolicyError, match="^" + said.replace("[", r"\[")):
        parse_policy(policy.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(PolicyError, match="not UTF-8"):
        parse_policy(b"\xff")


def test_what_callers_make_up_is_judged_and_fills_no_memory() -> None:
    judged = rights(by_token("alice"))
    made_up = ["x" * (MAX_KEPT_CHARACTERS + 1), *(f"docs_{number}" for number in range(1000))]
    for name in [*made_up, *made_up, "tools/call", "restart", "reset"]:
        anew = rights(by_token("alice"))
        assert judged.for_method(name) == anew.for_method(name)
        call = "tools/call", Kind.TOOL, name
        assert judged.for_name(*call) == anew.for_name(*call)
    assert len(judged._known) == len(judged._given) == MAX_KEPT


def test_the_same_name_is_judged_for_each_method_and_kind() -> None:
    judged = rights(by_token("alice"))
    for _ in range(2):
        assert judged.for_name("tools/call", Kind.TOOL, "restart").verdict is ALLOWED
        assert judged.for_name("prompts/get", Kind.PROMPT, "restart").verdict is FORBIDDEN
        assert judged.for_name("tools/call", Kind.TOOL, "reset").verdict is HIDDEN
