"""What the contract's app does, apart from which kind of server it is written for.

Each tool takes the SDK's session and the request's own `_meta`; both kinds of server have them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from mcp import MCPError, types
from mcp.server.session import ServerSession
from mcp.shared.message import ServerMessageMetadata

from tests.contract.journal import Journal

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
EVERY_BYTE = bytes(range(256))
INTERNALS = "postgres://admin:hunter2@db/internals"
BUSY_CODE = 4001
CITIES = ("Oslo", "Osaka", "Ottawa", "Quito")
NOTES_URI = "contract://notes"
EXTENSION = "com.example/jobs"
EXTENSION_METHOD = "com.example/jobs/run"


def said(text: str, structured: Any = None) -> types.CallToolResult:
    """A tool's result of one line."""
    content: list[types.ContentBlock] = [types.TextContent(text=text)]
    return types.CallToolResult(content=content, structured_content=structured)


class JobParams(types.RequestParams):
    """What the extension's method takes."""

    job: str


async def run_job(ctx: Any, params: JobParams) -> dict[str, Any]:
    """The extension's method; its result is of a type that no core revision knows."""
    return {
        "resultType": "com.example/receipt",
        "receipt": {"for": params.job, "unheardOf": [1, None, {"deep": True}]},
        "_meta": {"com.example/cost": 3},
    }


@dataclass
class Tools:
    """The tools that are the same for both kinds of server."""

    journal: Journal

    async def echo(self, value: Any) -> types.CallToolResult:
        self.journal.seen.append(value)
        return said("echoed", {"value": value})

    async def contents(self) -> types.CallToolResult:
        blob = base64.b64encode(EVERY_BYTE).decode()
        resource = types.BlobResourceContents(uri="contract://bytes", blob=blob)
        return types.CallToolResult(
            content=[
                types.TextContent(text="A line.", annotations=types.Annotations(priority=0.5)),
                types.ImageContent(data=base64.b64encode(PIXEL).decode(), mime_type="image/png"),
                types.AudioContent(data=blob, mime_type="audio/wav"),
                types.ResourceLink(uri="contract://text", name="text"),
                types.EmbeddedResource(resource=resource),
            ]
        )

    async def meta(self, meta: Any) -> types.CallToolResult:
        sent = {key: value for key, value in dict(meta or {}).items() if "example" in key}
        return types.CallToolResult(
            content=[types.TextContent(text="See _meta.")], _meta={"com.example/heard": sent}
        )

    async def steps(self, session: ServerSession, total: int) -> types.CallToolResult:
        for step in range(1, total + 1):
            await session.report_progress(step, total, f"step {step}")
        return said("done")

    async def log(self, session: ServerSession, request_id: Any, text: str) -> types.CallToolResult:
        await session.send_log_message("debug", f"{text}, in detail", "contract", request_id)
        await session.send_log_message("warning", text, "contract", request_id)
        return said("logged")

    async def refuse(self) -> types.CallToolResult:
        raise MCPError(BUSY_CODE, "busy", {"retryAfterMs": 250, "nested": [1, {"two": None}]})

    async def wait(self) -> types.CallToolResult:
        await self.journal.wait()
        raise AssertionError("it waits for ever")

    async def hold(self, number: int, together: int) -> types.CallToolResult:
        await self.journal.hold(number, together)
        return said(str(number))

    async def large(self, megabytes: int) -> types.CallToolResult:
        return said("x" * (megabytes * 1024 * 1024))

    async def ping_client(self, session: ServerSession) -> types.CallToolResult:
        await session.send_ping()
        return said("the client answers")

    async def ask_patiently(self, session: ServerSession, request_id: Any) -> types.CallToolResult:
        """Ask the client's model, hearing its progress; related to the call itself."""

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            self.journal.seen.append((progress, total, message))

        result = await session.send_request(
            types.CreateMessageRequest(params=sampling("patience")),
            types.CreateMessageResult,
            metadata=ServerMessageMetadata(related_request_id=request_id),
            progress_callback=heard,
        )
        return said(text_of(result))

    async def ask_impatiently(self, session: ServerSession) -> types.CallToolResult:
        """Ask the client's model, and give up soon."""
        try:
            await session.send_request(
                types.CreateMessageRequest(params=sampling("haste")),
                types.CreateMessageResult,
                request_read_timeout_seconds=0.05,
            )
        except MCPError as error:
            return said(f"gave up with {error.code}")
        return said("answered in time")


def sampling(topic: str) -> types.CreateMessageRequestParams:
    prompt = types.TextContent(text=f"Write one line about {topic}.")
    message = types.SamplingMessage(role="user", content=prompt)
    return types.CreateMessageRequestParams(messages=[message], max_tokens=60)


def text_of(result: types.CreateMessageResult) -> str:
    assert isinstance(result.content, types.TextContent)
    return result.content.text
