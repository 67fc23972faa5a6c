"""Requests that name one thing: to the member that has it, and the answer back.

It does not list; the catalogue says where things are. Params and results pass as text unless a name
or URI in them is another for the member.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from mcpgrpc.binding import errors
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.merge import answers, json_edit
from mcpgrpc_server.merge.answers import LEGACY_RESOURCE_NOT_FOUND
from mcpgrpc_server.merge.kinds import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Kind
from mcpgrpc_server.merge.offer import Target
from mcpgrpc_server.merge.scope import Scope, with_param
from mcpgrpc_server.merge.uris import SubscribedUris, UriMap, with_offered_uris

BY_NAME: Final = {"tools/call": TOOLS, "prompts/get": PROMPTS}

_NOT_FOUND: Final = (
    LEGACY_RESOURCE_NOT_FOUND,
    errors.INVALID_PARAMS,
    errors.METHOD_NOT_FOUND,
)


async def by_name(call: ServerCall, kind: Kind, scope: Scope) -> envelope_pb2.JsonRpcResponse:
    """Call a tool, or get a prompt."""
    name = (call.params or {}).get("name")
    if not isinstance(name, str):
        return answers.malformed("name must be a string")
    target = await scope.catalogue.target(kind, name)
    if target is None:
        return _missing(call, kind, name, scope)
    return await _ask(_named(call, name, target), target, scope)


async def complete(call: ServerCall, scope: Scope) -> envelope_pb2.JsonRpcResponse:
    """Suggest values of an argument of a prompt or a resource template."""
    match (call.params or {}).get("ref"):
        case {"type": "ref/prompt", "name": str() as offered}:
            kind, key = PROMPTS, "name"
            target = await scope.catalogue.target(PROMPTS, offered)
        case {"type": "ref/resource", "uri": str() as offered}:
            kind, key = TEMPLATES, "uri"
            target = await scope.catalogue.target(TEMPLATES, offered)
            if target is None:
                target = next(iter(await candidates(offered, scope)), None)
        case _:
            return answers.malformed("ref must name a prompt or a resource template")
    if target is None:
        return _missing(call, kind, offered, scope)
    return await _ask(_referring(call, key, target), target, scope)


async def read(call: ServerCall, scope: Scope) -> envelope_pb2.JsonRpcResponse:
    """Read a resource; one that nobody lists is asked for in turn.

    That is safe, since a read changes nothing: the first that has it answers. Otherwise the first
    error is the answer that says more than that there is no such resource.
    """
    uri = (call.params or {}).get("uri")
    if not isinstance(uri, str):
        return answers.malformed("uri must be a string")
    found = await candidates(uri, scope)
    refusals = []
    for target in found or _unlisted(uri, scope):
        answer = await _ask(_located(call, uri, target), target, scope, asked=(target.own, uri))
        if not answers.is_error(answer):
            return answer
        refusals.append(answer)
    for refusal in refusals:
        if refusal.error.code not in _NOT_FOUND:
            return refusal
    if found:
        return refusals[0]
    return (
        _out_of_reach(scope) or next(iter(refusals), None) or _missing(call, RESOURCES, uri, scope)
    )


async def subscribe(
    call: ServerCall, scope: Scope, subscribed: SubscribedUris
) -> envelope_pb2.JsonRpcResponse:
    """Subscribe to a resource that somebody lists or has a template for, or unsubscribe."""
    uri = (call.params or {}).get("uri")
    if not isinstance(uri, str):
        return answers.malformed("uri must be a string")
    target = next(iter(await candidates(uri, scope)), None)
    if target is None:
        return _missing(call, RESOURCES, uri, scope)
    # Before the member is asked: it may tell of a change before it answers.
    subscribed.add(target, uri)
    return await _ask(_located(call, uri, target), target, scope)


async def in_turn(call: ServerCall, scope: Scope) -> envelope_pb2.JsonRpcResponse:
    """A method that MCP does not have: the first member that knows it answers.

    Who does not know a method has done nothing, so the next one can be asked.
    """
    for link in scope.links:
        answer = await link.ask(call)
        if not answers.is_unknown_method(answer):
            return answer
    if not scope.links:
        return scope.anybody_unavailable()
    return answers.unknown_method(call.request.method)


async def candidates(uri: str, scope: Scope) -> list[Target]:
    """Where a URI can be: who lists it, or has a template for it, or is named in it."""
    catalogue = scope.catalogue
    await asyncio.gather(catalogue.read_once(RESOURCES), catalogue.read_once(TEMPLATES))
    found = _known_candidates(uri, scope)
    if not found:
        await asyncio.gather(catalogue.current(RESOURCES), catalogue.current(TEMPLATES))
        found = _known_candidates(uri, scope)
    catalogue.freshen(RESOURCES)
    catalogue.freshen(TEMPLATES)
    return found


def _known_candidates(uri: str, scope: Scope) -> list[Target]:
    uris = UriMap.known(scope.host.members, scope.catalogue)
    listed = uris.resources.target(uri)
    if listed is not None:
        return [listed]
    named = uris.prefixed(uri)
    return uris.templates.matching(uri) or ([named] if named is not None else [])


def _unlisted(uri: str, scope: Scope) -> list[Target]:
    """Everyone who has resources at all."""
    resources, templates = (scope.catalogue.known(kind) for kind in (RESOURCES, TEMPLATES))
    return [
        Target(link.at, uri)
        for link in scope.links
        if resources.supports(link.at) or templates.supports(link.at)
    ]


def _out_of_reach(scope: Scope) -> envelope_pb2.JsonRpcResponse | None:
    """The answer where a member that is down may have what nobody lists."""
    resources, templates = (scope.catalogue.known(kind) for kind in (RESOURCES, TEMPLATES))
    can_be_asked = {link.at for link in scope.links}
    for link in scope.everyone:
        may_have = resources.may_have(link.at) or templates.may_have(link.at)
        if link.at not in can_be_asked and may_have:
            return answers.unavailable(link.name)
    return None


def _missing(call: ServerCall, kind: Kind, key: str, scope: Scope) -> envelope_pb2.JsonRpcResponse:
    """The answer where nobody is known to have a thing."""
    refusal = scope.catalogue.refusal(kind)
    if refusal is not None:
        return refusal
    can_be_asked = {link.at for link in scope.links}
    offer = scope.catalogue.known(kind)
    for link in scope.everyone:
        # It may have what is asked for: nobody has seen its list yet.
        if link.at not in can_be_asked and not offer.has_listed(link.at):
            return answers.unavailable(link.name)
    return answers.unknown(kind, key, modern=answers.is_modern(call))


async def _ask(
    call: ServerCall, target: Target, scope: Scope, asked: tuple[str, str] = ("", "")
) -> envelope_pb2.JsonRpcResponse:
    link = scope.everyone[target.member]
    if not await scope.usable(link):
        return answers.unavailable(link.name)
    answer = await link.ask(call)
    return await with_offered_uris(
        answer, call.request.method, target.member, scope.host.members, scope.catalogue, asked
    )


def _named(call: ServerCall, name: str, target: Target) -> ServerCall:
    return call if target.own == name else with_param(call, "name", target.own)


def _located(call: ServerCall, uri: str, target: Target) -> ServerCall:
    return call if target.own == uri else with_param(call, "uri", target.own)


def _referring(call: ServerCall, key: str, target: Target) -> ServerCall:
    params = call.params or {}
    if params["ref"][key] == target.own:
        return call
    text = call.params_json
    if text is not None:
        text = json_edit.with_strings(text, [("ref", key)], lambda _: target.own)
    ref = {**params["ref"], key: target.own}
    return replace(call, params={**params, "ref": ref}, params_json=text)
