"""The stage of the pipeline that keeps callers to the policy.

It decides nothing itself: `decision` does, from what this reads in a request. What it refuses has
touched no handler and no list.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final, TypeAlias

from mcpgrpc.binding import errors, json_members, json_text
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.audit.stage import decision as decided
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.pipeline import Next
from mcpgrpc_server.rights.absence import answer_as_absent
from mcpgrpc_server.rights.decision import Decision, Rights, Verdict
from mcpgrpc_server.rights.lists import without_hidden, without_hidden_values
from mcpgrpc_server.rights.policy import Policy
from mcpgrpc_server.rights.vocabulary import COMPLETION, LISTEN, LISTS, NAMING, Kind
from mcpgrpc_server.watched_file import WatchedFile

MAX_CALLERS: Final = 1024
"""Whose rights are kept; those of others are found again from the rules."""

_READ: Final = "resources/read"
_CallerKey: TypeAlias = tuple[IdentityKind, str, frozenset[str]]


class RightsStage:
    """Refuses, hides and filters by the policy in force.

    Args:
        policy: the file; its newest good version counts for every request.
    """

    def __init__(self, policy: WatchedFile[Policy]) -> None:
        self._policy = policy
        self._generation = -1
        self._rights: OrderedDict[_CallerKey, Rights] = OrderedDict()

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Answer what the caller may not ask, and let the rest be answered."""
        rights = self._rights_of(caller.identity)
        method = call.request.method
        by_method = rights.for_method(method)
        if by_method.verdict is Verdict.FORBIDDEN:
            return _forbidden(by_method)
        if method not in _JUDGED:
            return await proceed(call)
        if _is_ambiguous(call):
            return errors.failure(errors.INVALID_PARAMS, "a member of params stands twice")
        if method in LISTS:
            return without_hidden(await proceed(call), method, rights)
        if method == LISTEN:
            return await proceed(_listen_to_visible(call, rights))
        if method == COMPLETION:
            return await _complete(call, rights, proceed)
        return await _name(call, rights, proceed)

    def takes(self, method: str, caller: Caller) -> bool:
        """Whether a caller may send notifications of a method."""
        decision = self._rights_of(caller.identity).for_method(method)
        return decision.verdict is not Verdict.FORBIDDEN

    def _rights_of(self, identity: Identity) -> Rights:
        policy = self._policy.value
        if self._generation != self._policy.generation:
            self._generation = self._policy.generation
            self._rights.clear()
        key = (identity.kind, identity.subject, identity.scopes)
        rights = self._rights.get(key)
        if rights is None:
            rights = self._rights[key] = Rights(policy, identity)
            if len(self._rights) > MAX_CALLERS:
                self._rights.popitem(last=False)
        return rights


_JUDGED: Final = frozenset({*LISTS, *NAMING, COMPLETION, LISTEN})


def _forbidden(decision: Decision) -> envelope_pb2.JsonRpcResponse:
    return Refusal(errors_pb2.ERROR_REASON_FORBIDDEN, decision.why).response()


def _is_ambiguous(call: ServerCall) -> bool:
    """Whether two parsers could read two names: a member that decides stands twice."""
    if call.params_json is None:
        return False
    if json_members.certainly_unrepeated(call.params_json, call.params):
        return False
    try:
        members = json_members.cut(call.params_json)
        for nested in ("ref", "notifications"):
            if members.get(nested, "").startswith("{"):
                json_members.cut(members[nested])
    except json_members.RepeatedMemberError:
        return True
    except ValueError:
        # No object, which the application judges, or a number that nobody asks for a name.
        return False
    return False


async def _name(call: ServerCall, rights: Rights, proceed: Next) -> envelope_pb2.JsonRpcResponse:
    method = call.request.method
    kind = NAMING[method]
    member = "uri" if kind is Kind.RESOURCE else "name"
    name = (call.params or {}).get(member)
    if not isinstance(name, str):
        # It names nothing; the application says how that is wrong.
        return await proceed(call)
    decision = rights.for_name(method, kind, name)
    if decision.verdict is Verdict.HIDDEN:
        decided.set(decision.verdict.value)
        return await answer_as_absent(call, kind, (member,), name, proceed)
    return await proceed(call)


async def _complete(
    call: ServerCall, rights: Rights, proceed: Next
) -> envelope_pb2.JsonRpcResponse:
    ref = (call.params or {}).get("ref")
    if not isinstance(ref, dict):
        return await proceed(call)
    prompt, template = ref.get("name"), ref.get("uri")
    if isinstance(prompt, str) and not rights.sees("prompts/get", Kind.PROMPT, prompt):
        decided.set(Verdict.HIDDEN.value)
        return await answer_as_absent(call, Kind.PROMPT, ("ref", "name"), prompt, proceed)
    if not isinstance(template, str):
        return await proceed(call)
    if not rights.sees_template(_READ, template):
        decided.set(Verdict.HIDDEN.value)
        return await answer_as_absent(call, Kind.RESOURCE, ("ref", "uri"), template, proceed)
    known = _known_arguments(call.params or {})

    def is_seen(value: str) -> bool:
        uri = _expanded(template, known, value)
        return uri is None or rights.sees(_READ, Kind.RESOURCE, uri)

    return without_hidden_values(await proceed(call), is_seen)


def _known_arguments(params: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The name of the argument that is completed, and the values of others."""
    argument, context = params.get("argument"), params.get("context")
    name = argument.get("name") if isinstance(argument, dict) else None
    others = context.get("arguments") if isinstance(context, dict) else None
    texts = others.items() if isinstance(others, dict) else ()
    return str(name), {str(key): value for key, value in texts if isinstance(value, str)}


def _expanded(template: str, known: tuple[str, dict[str, str]], value: str) -> str | None:
    """The URI that a completed value makes; None while other variables are open."""
    name, others = known
    for variable, text in {**others, name: value}.items():
        for expression in (f"{{{variable}}}", f"{{+{variable}}}"):
            template = template.replace(expression, text)
    return None if "{" in template else template


def _listen_to_visible(call: ServerCall, rights: Rights) -> ServerCall:
    """A subscription without the resources that the caller may not read."""
    params = call.params or {}
    wanted = params.get("notifications")
    uris = wanted.get("resourceSubscriptions") if isinstance(wanted, dict) else None
    if not isinstance(wanted, dict) or not isinstance(uris, list):
        return call
    visible = [
        uri for uri in uris if not isinstance(uri, str) or rights.sees(_READ, Kind.RESOURCE, uri)
    ]
    if len(visible) == len(uris):
        return call
    narrowed = {**params, "notifications": {**wanted, "resourceSubscriptions": visible}}
    return replace(call, params=narrowed, params_json=json_text.dump(narrowed))
