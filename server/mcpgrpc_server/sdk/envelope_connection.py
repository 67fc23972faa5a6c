"""The SDK's `Connection` of one modern request, made by the SDK when somebody looks into it.

It does not judge the envelope; that happened before. Most handlers never ask for the client's
capabilities, and none of what is made of them costs anything until one does.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc_server.sdk import internals

_MADE_LATER: Final = frozenset(
    {"client_capabilities", "_client_params", "initialized", "state", "exit_stack"}
)


class EnvelopeConnection(internals.Connection):
    """A born-ready connection of the modern era.

    Args:
        outbound: the channel that notifications take.
        protocol_version: the revision, valid.
        client_info: what the envelope says of the client, raw.
        client_capabilities: what it can do, raw.
    """

    def __init__(
        self,
        outbound: internals.NotifyOnlyOutbound,
        protocol_version: str,
        client_info: Any,
        client_capabilities: Any,
    ) -> None:
        # Not the SDK's own: what that makes is made by `__getattr__`.
        self.outbound = outbound
        self.protocol_version = protocol_version
        self.session_id = None
        self._envelope = (client_info, client_capabilities)

    def __getattr__(self, name: str) -> Any:
        if name not in _MADE_LATER:
            raise AttributeError(name)
        made = vars(
            internals.Connection.from_envelope(
                self.protocol_version, *self._envelope, outbound=self.outbound
            )
        )
        for each in _MADE_LATER:
            self.__dict__.setdefault(each, made[each])
        return self.__dict__[name]

    @property
    def initialize_accepted(self) -> bool:
        """Always: there is no handshake in this era."""
        return True

    async def aclose(self) -> None:
        """Run what handlers left on the exit stack, if they left anything."""
        if "exit_stack" in self.__dict__:
            await internals.aclose_shielded(self)
