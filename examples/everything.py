"""One of each feature of the Model Context Protocol, for clients of either era.

It is not a useful server: everything it returns is made up, so that a client can be tried on it.
"""

import base64
import io
import wave
from collections import deque
from typing import Annotated

import anyio
from mcp import types
from mcp.server import MCPServer
from mcp.server.caching import CacheHint
from mcp.server.mcpserver import (
    AcceptedElicitation,
    Audio,
    Context,
    Elicit,
    ElicitationResult,
    Image,
    ListRoots,
    Message,
    Resolve,
    Sample,
    UserMessage,
)
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from pydantic import BaseModel, Field

MAX_NOTES = 100
MAX_SECONDS = 60.0
STEP_SECONDS = 0.05
RED_PIXEL_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
CITIES = {"Oslo": 3.5, "Osaka": 17.0, "Ottawa": 6.25, "Quito": 14.0}

Text = Annotated[str, Field(max_length=1_000)]

notes: deque[str] = deque(["The first note."], maxlen=MAX_NOTES)
cancelled: deque[str] = deque(maxlen=MAX_NOTES)

app = MCPServer(
    "everything",
    title="Everything",
    version="1.0.0",
    instructions="Call any tool; each shows one feature of the protocol.",
    icons=[types.Icon(src="data:image/svg+xml,<svg/>", mime_type="image/svg+xml", sizes=["any"])],
    cache_hints={"tools/list": CacheHint(ttl_ms=0, scope="private")},
)


def wav_silence() -> bytes:
    """A tenth of a second of silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(1_600))
    return buffer.getvalue()


class Weather(BaseModel):
    """Structured output: a tool that returns this publishes its schema."""

    city: str
    temperature_celsius: float


class Booking(BaseModel):
    """The form an elicitation shows."""

    seats: int = Field(ge=1, le=9, description="How many seats?")
    window: bool = Field(default=False, description="By the window?")


# Tools: plain, structured, every kind of content, errors.


@app.tool(title="Add", annotations=types.ToolAnnotations(read_only_hint=True, idempotent_hint=True))
def add(a: int, b: int) -> int:
    """Add two numbers: a synchronous tool, run in a worker thread."""
    return a + b


@app.tool(meta={"example.com/feature": "structured-output"})
async def weather(city: Text) -> Weather:
    """The weather in a city: an asynchronous tool with structured output."""
    if city not in CITIES:
        raise ToolError(f"No weather for {city!r}. The cities are {', '.join(CITIES)}.")
    return Weather(city=city, temperature_celsius=CITIES[city])


@app.tool()
def contents() -> list[types.ContentBlock]:
    """One block of each kind of content."""
    text = types.TextResourceContents(uri="everything://readme", text=readme())
    return [
        types.TextContent(text="A line of text.", annotations=types.Annotations(priority=0.5)),
        Image(data=RED_PIXEL_PNG, format="png").to_image_content(),
        Audio(data=wav_silence(), format="wav").to_audio_content(),
        types.ResourceLink(uri="everything://pixel", name="pixel", mime_type="image/png"),
        types.EmbeddedResource(resource=text),
    ]


@app.tool()
def fail(reason: Text = "it was asked to") -> None:
    """A failure the model can read: `isError`, not a protocol error."""
    raise ToolError(f"This tool failed because {reason}. Call it only to see an error.")


@app.tool()
def result_meta(ctx: Context) -> types.CallToolResult:
    """A result built by hand, with the request's own `_meta` keys echoed in its `_meta`."""
    asked = sorted(str(key) for key in ctx.request_context.meta or {})
    return types.CallToolResult(
        content=[types.TextContent(text="See _meta.")], _meta={"example.com/request-keys": asked}
    )


@app.tool()
async def countdown(ctx: Context, steps: Annotated[int, Field(ge=1, le=100)] = 3) -> str:
    """Report progress at every step."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step} of {steps}")
    return f"Counted {steps} steps."


@app.tool()
async def log(message: Text, ctx: Context, level: types.LoggingLevel = "info") -> str:
    """Send a log message to the client, if it asked for that level."""
    await ctx.log(level, message, logger_name="everything")
    return "Logged."


@app.tool()
async def slow(ctx: Context, seconds: Annotated[float, Field(gt=0, le=MAX_SECONDS)] = 10) -> str:
    """Work for a while, with progress, and stop at once when the caller gives up."""
    try:
        with anyio.move_on_after(seconds):
            for step in range(1, round(MAX_SECONDS / STEP_SECONDS) + 1):
                await ctx.report_progress(step * STEP_SECONDS, seconds)
                await anyio.sleep(STEP_SECONDS)
    except anyio.get_cancelled_exc_class():
        cancelled.append(ctx.request_id)
        raise
    return f"Worked for {seconds:g} seconds."


@app.tool()
def cancelled_calls() -> list[str]:
    """The request ids of the `slow` calls that were cancelled, the latest last."""
    return list(cancelled)


@app.tool()
def whoami(ctx: Context) -> dict[str, str]:
    """What the call carried: its protocol version and, where the transport has them, headers."""
    headers = {f"header.{name}": value for name, value in (ctx.headers or {}).items()}
    return {"protocol_version": ctx.protocol_version or "", **headers}


@app.tool()
def in_region(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
    """An argument that modern clients also send as a header, for gateways to route by."""
    return f"Served from {region}."


# Tools that ask. A resolver asks in the way of the connection: a request to a client of the older
# era, an `input_required` result to a client of the newer one.


def ask_booking(city: str) -> Elicit[Booking]:
    return Elicit(f"Book a journey to {city}?", Booking)


@app.tool()
async def book(
    city: Text, answer: Annotated[ElicitationResult[Booking], Resolve(ask_booking)]
) -> str:
    """Ask the user to fill in a form."""
    if not isinstance(answer, AcceptedElicitation):
        return f"Nothing booked: the form was answered with {answer.action!r}."
    where = "by the window" if answer.data.window else "anywhere"
    return f"Booked {answer.data.seats} seats to {city}, {where}."


def ask_model(topic: str) -> Sample:
    prompt = types.TextContent(text=f"Write one line about {topic}.")
    return Sample([types.SamplingMessage(role="user", content=prompt)], max_tokens=60)


@app.tool()
async def compose(
    topic: Text, line: Annotated[types.CreateMessageResult, Resolve(ask_model)]
) -> str:
    """Ask the client's own language model for a line (sampling)."""
    return line.content.text if line.content.type == "text" else f"A reply in {line.content.type}."


def ask_roots() -> ListRoots:
    return ListRoots()


@app.tool()
async def roots(found: Annotated[types.ListRootsResult, Resolve(ask_roots)]) -> list[str]:
    """Ask the client for the folders it works in (roots)."""
    return [str(root.uri) for root in found.roots]


# Resources, and news of their changes: `subscriptions/listen` for the newer era, notifications
# on the session for the older one.


@app.resource("everything://readme", mime_type="text/markdown")
def readme() -> str:
    """A static text resource."""
    return "# Everything\n\nOne of each.\n"


@app.resource("everything://pixel", mime_type="image/png")
def pixel() -> bytes:
    """A binary resource."""
    return RED_PIXEL_PNG


@app.resource("everything://notes", mime_type="application/json")
def all_notes() -> list[str]:
    """A resource that changes: subscribe to it, then call `add_note`."""
    return list(notes)


@app.resource("everything://weather/{city}", mime_type="application/json")
def city_weather(city: str) -> Weather:
    """A template; its `city` can be completed."""
    if city not in CITIES:
        raise ResourceNotFoundError(f"No weather for {city!r}. Complete `city` to see the cities.")
    return Weather(city=city, temperature_celsius=CITIES[city])


@app.tool(annotations=types.ToolAnnotations(read_only_hint=False, destructive_hint=False))
async def add_note(text: Text, ctx: Context) -> int:
    """Add a note, say that the resource changed, and return how many notes there are."""
    notes.append(text)
    await ctx.notify_resource_updated("everything://notes")
    await ctx.session.send_resource_updated("everything://notes")
    return len(notes)


def extra() -> str:
    """A tool that comes and goes."""
    return "Here now."


@app.tool()
async def toggle_extra(ctx: Context) -> bool:
    """Add or remove the tool `extra`, say that the list changed, and return if it is there."""
    is_present = any(tool.name == "extra" for tool in await app.list_tools())
    if is_present:
        app.remove_tool("extra")
    else:
        app.add_tool(extra)
    await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return not is_present


@app.prompt(title="Plan a day")
def plan(city: Text, hours: Text = "8") -> list[Message]:
    """A prompt with arguments, an embedded resource and an image."""
    page = types.TextResourceContents(uri="everything://readme", text=readme())
    return [
        UserMessage(types.EmbeddedResource(resource=page)),
        UserMessage(Image(data=RED_PIXEL_PNG, format="png")),
        UserMessage(f"Plan {hours} hours in {city}."),
    ]


async def complete(
    ref: types.PromptReference | types.ResourceTemplateReference,
    argument: types.CompletionArgument,
    context: types.CompletionContext | None,
) -> types.Completion | None:
    """Cities that begin with what was typed, for the template and for the prompt."""
    if argument.name != "city":
        return None
    cities = [city for city in sorted(CITIES) if city.startswith(argument.value)]
    return types.Completion(values=cities, total=len(cities), has_more=False)


app.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK leaves it unannotated

if __name__ == "__main__":
    app.run()
