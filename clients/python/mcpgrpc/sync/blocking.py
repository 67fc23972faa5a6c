"""Methods of `Client` made to block: the signature stays, and nothing is implemented again.

It knows no method by name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from mcpgrpc.client.client import Client
from mcpgrpc.client.listening import Subscription
from mcpgrpc.sync.background import Background
from mcpgrpc.sync.subscription import SyncSubscription

P = ParamSpec("P")
Result = TypeVar("Result")


class Facade(Protocol):
    """What has a client and the background that runs it."""

    _client: Client
    _background: Background


def blocking(
    method: Callable[Concatenate[Client, P], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Facade, P], Result]:
    """The method of a facade that runs a method of its client and waits for the result."""

    @functools.wraps(method)
    def call(self: Facade, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        return self._background.run(method(self._client, *args, **kwargs))

    return call


def blocking_context(
    method: Callable[Concatenate[Client, P], AbstractAsyncContextManager[Subscription]],
) -> Callable[Concatenate[Facade, P], AbstractContextManager[SyncSubscription]]:
    """The same for a context of a subscription."""

    @functools.wraps(method)
    def call(
        self: Facade, /, *args: P.args, **kwargs: P.kwargs
    ) -> AbstractContextManager[SyncSubscription]:
        return _entered(method(self._client, *args, **kwargs), self._background)

    return call


@contextmanager
def _entered(
    context: AbstractAsyncContextManager[Subscription], background: Background
) -> Iterator[SyncSubscription]:
    subscription = background.run(_enter(context))
    try:
        yield SyncSubscription(subscription, background)
    finally:
        background.run(_leave(context))


async def _enter(context: AbstractAsyncContextManager[Subscription]) -> Subscription:
    return await context.__aenter__()


async def _leave(context: AbstractAsyncContextManager[Subscription]) -> None:
    await context.__aexit__(None, None, None)
