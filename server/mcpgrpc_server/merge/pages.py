"""The four list methods: pages of one member after another, as the pages of one list.

It keeps nothing between pages: a cursor says where the client stands. What members give is passed
on as text; only names that are another's are changed.

A page goes on with the next member where one has no further page, so that members which do not
paginate stand on one page, for the many clients that read only the first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mcpgrpc.binding import errors, json_members, json_text
from mcpgrpc.binding.json_text import JsonTextError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.merge import answers, capabilities, cursors, json_edit
from mcpgrpc_server.merge.cursors import Cursor
from mcpgrpc_server.merge.kinds import Kind
from mcpgrpc_server.merge.link import MemberLink
from mcpgrpc_server.merge.listing import next_cursor
from mcpgrpc_server.merge.offer import Offer
from mcpgrpc_server.merge.scope import Scope, with_param

logger = logging.getLogger(__name__)

_OWN_MEMBERS = ("nextCursor", "ttlMs", "cacheScope", "resultType", "_meta")


@dataclass(frozen=True, slots=True)
class _Page:
    """A member's page.

    Attributes:
        link: the member.
        members: the texts of the result's members.
        parsed: the same, parsed.
    """

    link: MemberLink
    members: dict[str, str]
    parsed: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Pages:
    """Pages that make one, and where the client goes on.

    Attributes:
        pages: in the order of the members.
        next: the place behind them; None at the end.
        refusal: what to answer when there is no page; None for an empty one.
        is_whole: whether every member that was asked is in it.
    """

    pages: Sequence[_Page]
    next: Cursor | None
    refusal: envelope_pb2.JsonRpcResponse | None
    is_whole: bool


async def list_page(call: ServerCall, kind: Kind, scope: Scope) -> envelope_pb2.JsonRpcResponse:
    """Answer a request for a page."""
    try:
        place = _place(call, kind, scope)
    except cursors.InvalidCursorError as error:
        return errors.failure(errors.INVALID_PARAMS, str(error))
    # At once, since each may wait as long as a list may take.
    found, offer = await asyncio.gather(_read(call, place, scope), scope.catalogue.current(kind))
    if not found.pages and found.refusal is not None:
        return found.refusal
    if not all(offer.knows(page.link.at, key) for page, key in _keys(kind, found.pages)):
        offer = await scope.catalogue.renewed(kind)
    return envelope_pb2.JsonRpcResponse(result_json=_merged(call, kind, scope, found, offer))


def _place(call: ServerCall, kind: Kind, scope: Scope) -> tuple[int, str | None]:
    """The member at which the page begins, and its cursor."""
    text = (call.params or {}).get("cursor")
    if text is None:
        return 0, None
    cursor = cursors.decode(kind, text)
    for link in scope.everyone:
        if link.name == cursor.member:
            return link.at, cursor.inner
    raise cursors.InvalidCursorError("the cursor names a member that is not there any more")


async def _read(call: ServerCall, place: tuple[int, str | None], scope: Scope) -> _Pages:
    at, inner = place
    continued = [link for link in scope.links if link.at == at] if inner is not None else []
    others = [link for link in scope.links if link.at >= at and link not in continued]
    first = with_param(call, "cursor", None) if call.params and "cursor" in call.params else call
    said: dict[int, envelope_pb2.JsonRpcResponse] = {}
    if continued:
        said = await scope.ask_all(with_param(call, "cursor", inner), continued)
        answer = said.get(at)
        if answer is not None and answer.error.code == errors.INVALID_PARAMS:
            return _Pages([], None, answer, is_whole=False)
    if not continued or _next(said.get(at)) is None:
        said |= await scope.ask_all(first, others)
    return _until_unfinished([*continued, *others], said, scope)


def _until_unfinished(
    asked: Sequence[MemberLink], said: dict[int, envelope_pb2.JsonRpcResponse], scope: Scope
) -> _Pages:
    """The pages up to the first that another of the same member follows."""
    pages: list[_Page] = []
    refusals = []
    following = None
    for link in asked:
        page = _page(link, said.get(link.at, answers.unavailable(link.name)))
        if not isinstance(page, _Page):
            refusals.append(page)
            continue
        pages.append(page)
        cursor = next_cursor(page.parsed)
        if cursor is not None:
            following = Cursor(link.name, cursor)
            break
    lost = [answer for answer in refusals if not answers.is_unknown_method(answer)]
    someone_is_down = len(scope.links) < len(scope.everyone)
    is_whole = not lost and not someone_is_down
    refusal = next(iter(lost), None)
    if refusal is None and not scope.links:
        refusal = scope.anybody_unavailable()
    if refusal is None and not someone_is_down:
        # Who is down may have such a list: it is empty then, and not unknown.
        refusal = next(iter(refusals), None)
    return _Pages(pages, following, refusal, is_whole)


def _page(
    link: MemberLink, answer: envelope_pb2.JsonRpcResponse
) -> _Page | envelope_pb2.JsonRpcResponse:
    parsed = answers.result_object(answer)
    if parsed is not None:
        return _Page(link, json_edit.members(answer.result_json), parsed)
    if not answers.is_error(answer):
        answer = errors.failure(errors.INTERNAL_ERROR, "the list is no JSON object")
    if not answers.is_unknown_method(answer):
        logger.warning("left %s out of a list: %s", link.name, answer.error.message[:200])
    return answer


def _next(answer: envelope_pb2.JsonRpcResponse | None) -> str | None:
    page = answers.result_object(answer)
    return None if page is None else next_cursor(page)


def _keys(kind: Kind, pages: Iterable[_Page]) -> Iterable[tuple[_Page, str]]:
    for page in pages:
        items = page.parsed.get(kind.items)
        for item in items if isinstance(items, list) else ():
            key = item.get(kind.key) if isinstance(item, dict) else None
            if isinstance(key, str):
                yield page, key


def _merged(call: ServerCall, kind: Kind, scope: Scope, found: _Pages, offer: Offer) -> str:
    items: list[str] = []
    others: dict[str, str] = {}
    for page in found.pages:
        items += _items(kind, page, offer)
        others = {**page.members, **others}
    members = {
        key: value for key, value in others.items() if key not in (*_OWN_MEMBERS, kind.items)
    }
    members[kind.items] = "[" + ",".join(items) + "]"
    if found.next is not None:
        members["nextCursor"] = json_text.dump(cursors.encode(kind, found.next))
    members |= _said_about(call, scope, found)
    return json_members.join(members)


def _items(kind: Kind, page: _Page, offer: Offer) -> list[str]:
    try:
        items = json_edit.elements(page.members.get(kind.items, "[]"))
        return [
            json_edit.with_strings(
                item, [(kind.key,)], lambda own: offer.offered(page.link.at, own)
            )
            for item in items
        ]
    except JsonTextError:
        logger.warning("left %s out of a list: its %s are no array", page.link.name, kind.items)
        return []


def _said_about(call: ServerCall, scope: Scope, found: _Pages) -> dict[str, str]:
    """What a result says about itself, as texts."""
    meta: dict[str, Any] = {}
    for page in found.pages:
        meta = {**capabilities.object_of(page.parsed.get("_meta")), **meta}
    said: dict[str, Any] = {}
    if answers.is_modern(call):
        results = [page.parsed for page in found.pages]
        said = {
            "resultType": "complete",
            **capabilities.caching(results, everyone_answered=found.is_whole),
        }
        meta[capabilities.SERVER_INFO_META_KEY] = scope.host.info.json
    if meta:
        said["_meta"] = meta
    return {key: json_text.dump(value) for key, value in said.items()}
