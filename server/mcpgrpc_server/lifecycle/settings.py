"""What a server is told about its drain and the age of its streams: a part of the settings.

It drains nothing; `draining` beside it and `session.age` do.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field

from mcpgrpc_server.setting_values import lower

AUTO: Final = "auto"


class LifecycleSettings(BaseModel):
    """The end of a process, and of streams that would otherwise never move to another."""

    drain_pause_seconds: Annotated[
        Literal["auto"] | Annotated[float, Field(ge=0, le=600)], BeforeValidator(lower)
    ] = Field(
        default=AUTO,
        description="How long after SIGTERM everything is still served while health says "
        'NOT_SERVING, so that balancers look away first. "auto" is 5 s where other machines can '
        "connect to a listener, and none where all are loopback or Unix sockets: nobody routes to "
        "those, but a proxy in the same pod, for which it is to be said. At most 600, since the "
        "process does not begin to end before.",
    )
    drain_grace_seconds: float = Field(
        default=25,
        ge=0,
        le=3_600,
        description="How long requests may run on after the pause of a drain. At most an hour, "
        "since the process takes no new work all that time. Pause, grace and 10 s should fit into "
        "terminationGracePeriodSeconds of Kubernetes, whose default is 30: set it to 40.",
    )
    drain_flush_seconds: float = Field(
        default=1,
        ge=0,
        le=60,
        description="How long the last answers and statuses of a drain may take to be accepted "
        "by clients before connections are closed. At most 60, since nothing else happens then.",
    )
    max_connection_age_seconds: float = Field(
        default=1_800,
        ge=0,
        le=86_400,
        description="A Session, and the connection under it, takes no further requests after so "
        "long, give or take a tenth, and its client opens another, perhaps to another replica; 0 "
        "for never. Legacy sessions, which cannot move, stay. At most a day, or it balances "
        "nothing.",
    )
    max_connection_age_grace_seconds: float = Field(
        default=3_600,
        ge=0,
        le=86_400,
        description="How long requests of a Session may run on when it is too old. At most a day, "
        "since the stream holds memory so long.",
    )
