"""What a server's process is told about speed: a part of the settings.

It changes nothing itself; each switch has a module of this room.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from mcpgrpc_server.setting_values import lower, separated


class TuningSettings(BaseModel):
    """How a process that serves is tuned; `docs/tuning.md` has what each switch gains."""

    event_loop: Annotated[Literal["auto", "asyncio", "uvloop"], BeforeValidator(lower)] = Field(
        default="auto",
        description='The event loop that serves; "auto" is uvloop where it is installed.',
    )
    gc_freeze: bool = Field(
        default=True,
        description="Once it serves, the garbage collector no longer looks at what the start made.",
    )
    grpc_event_engine: bool = Field(
        default=True,
        description="Let gRPC's event engine do its I/O. Off is an undocumented experiment of "
        "gRPC that saves hand-overs between threads and has not been soaked.",
    )
    cpu_affinity: Annotated[
        list[Annotated[int, Field(ge=0)]], NoDecode, BeforeValidator(separated)
    ] = Field(
        default=[],
        max_length=1_024,
        description="The CPUs that the process may run on, by number; Linux alone. At most 1,024, "
        "which is more than a machine has. Empty for all.",
    )
