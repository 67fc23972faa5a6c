"""What a server is told about its log: a part of its settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from mcpgrpc.logs.redaction import MAX_NAMES, checked_name
from mcpgrpc.logs.setup import LogFormat, LogLevel
from mcpgrpc_server.setting_values import lower, separated


class LogSettings(BaseModel):
    """What is logged, in which form, and what is hidden in it."""

    log_level: Annotated[LogLevel, BeforeValidator(lower)] = Field(
        default="info", description="The lowest level that is logged."
    )
    log_format: Annotated[LogFormat, BeforeValidator(lower)] = Field(
        default="auto", description='How to log; "auto" is text on a terminal and JSON elsewhere.'
    )
    log_redact: Annotated[
        list[Annotated[str, AfterValidator(checked_name)]], NoDecode, BeforeValidator(separated)
    ] = Field(
        default=[],
        max_length=MAX_NAMES,
        description="Names of headers, fields and arguments whose values are hidden in the log and "
        "in the audit, such as card_number, which is also cardNumber and Card-Number. Credentials "
        "are hidden without being named. At most 256, since each line is searched for them.",
    )
    log_notifications: bool = Field(
        default=False,
        description="What tools tell their callers by notifications/message also goes into this "
        "server's log. Its text is the tools' own, and may be confidential.",
    )
