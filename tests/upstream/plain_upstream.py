"""A stdio MCP server written by hand, of either era, whose tools do what a test asks of them.

It runs as a command, without any package, so that it starts in an instant:

    python -S -E plain_upstream.py modern|legacy|dual|silent|strict [NAME]

Of the legacy era, `silent` leaves unknown methods unanswered, and `strict` ends when the first
message is not `initialize`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

KIND, NAME = sys.argv[1], (sys.argv[2:] or ["plain"])[0]
INFO = {"name": NAME, "version": "1.0"}
CAPABILITIES = {
    "tools": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "logging": {},
    "tasks": {"list": {}},
}
VERSION = "io.modelcontextprotocol/protocolVersion"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
NOTE = "note://1"
GONE = "note://gone"

received: list[dict[str, Any]] = []
held: dict[str, Any] = {}
listens: list[Any] = []
asking: dict[Any, Any] = {}


def write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def notify(method: str, **params: Any) -> None:
    write({"method": method, "params": params})


def answer(request_id: Any, result: dict[str, Any]) -> None:
    if KIND == "modern" or (KIND == "dual" and not initialized):
        result = {"resultType": "complete", **result}
    write({"id": request_id, "result": result})


def refuse(request_id: Any, code: int, message: str, **more: Any) -> None:
    write({"id": request_id, "error": {"code": code, "message": message, **more}})


def text(request_id: Any, said: str) -> None:
    answer(request_id, {"content": [{"type": "text", "text": said}]})


initialized = False


def discover(request_id: Any, params: dict[str, Any]) -> None:
    if KIND == "strict":
        os._exit(4)
    if KIND == "legacy":
        refuse(request_id, -32601, "Method not found")
    elif KIND != "silent":
        result = {
            "supportedVersions": ["2026-07-28"],
            "capabilities": {k: v for k, v in CAPABILITIES.items() if k != "tasks"},
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": {"io.modelcontextprotocol/serverInfo": INFO},
        }
        answer(request_id, result)


def initialize(request_id: Any, params: dict[str, Any]) -> None:
    global initialized
    if KIND == "modern":
        refuse(request_id, -32022, "modern alone", data={"supported": ["2026-07-28"]})
        return
    initialized = True
    result = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": INFO}
    answer(request_id, {**result, "instructions": "Ask."})


def list_tools(request_id: Any, params: dict[str, Any]) -> None:
    answer(request_id, {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in TOOLS]})


def read(request_id: Any, params: dict[str, Any]) -> None:
    if params["uri"] == GONE:
        refuse(request_id, -32002, "Resource not found", data={"uri": GONE})
    else:
        answer(request_id, {"contents": [{"uri": params["uri"], "text": "note"}]})


def subscribe(request_id: Any, params: dict[str, Any]) -> None:
    if params["uri"] == GONE:
        refuse(request_id, -32002, "Resource not found")
    else:
        answer(request_id, {})


def listen(request_id: Any, params: dict[str, Any]) -> None:
    listens.append(request_id)
    meta = {SUBSCRIPTION: request_id}
    notify(
        "notifications/subscriptions/acknowledged",
        notifications=params["notifications"],
        _meta=meta,
    )


def call(request_id: Any, params: dict[str, Any]) -> None:
    tool = TOOLS.get(params["name"])
    if tool is None:
        refuse(request_id, -32602, f"Unknown tool: {params['name']}")
    else:
        tool(request_id, params.get("arguments", {}), params.get("_meta", {}).get("progressToken"))


def echo(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    text(request_id, str(arguments["text"]))


def steps(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    for step in range(arguments["steps"]):
        notify(
            "notifications/progress", progressToken=token, progress=step, message=arguments["text"]
        )
    text(request_id, str(arguments["text"]))


def hold(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    """Answered by `release`, or never."""
    held[arguments["key"]] = request_id
    if token is not None:
        notify("notifications/progress", progressToken=token, progress=1)


def release(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    text(held.pop(arguments["key"]), arguments["key"])
    text(request_id, "released")


def seen(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    text(request_id, json.dumps(received))


def log(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    notify("notifications/message", level=arguments["level"], data=arguments["text"])
    text(request_id, "logged")


def ask(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    """Ask the client, and answer with what it says."""
    asking[arguments["id"]] = request_id
    write({"id": arguments["id"], "method": arguments["method"], "params": arguments["params"]})


def withdraw(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    notify("notifications/cancelled", requestId=arguments["id"], reason="not needed")
    text(asking.pop(arguments["id"]), "withdrawn")
    text(request_id, "withdrawn")


def change(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    """Tell subscribers, in the words of the era."""
    for listening in listens or [None]:
        meta = {} if listening is None else {"_meta": {SUBSCRIPTION: listening}}
        notify("notifications/tools/list_changed", **meta)
        notify("notifications/resources/updated", uri=NOTE, **meta)
    text(request_id, "changed")


def end_listens(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    for listening in listens:
        answer(listening, {"_meta": {SUBSCRIPTION: listening}})
    listens.clear()
    text(request_id, "ended")


def environment(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    text(request_id, json.dumps(dict(os.environ)))


def process(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    text(request_id, str(os.getpid()))


def die(request_id: Any, arguments: dict[str, Any], token: Any) -> NoReturn:
    os._exit(3)


def rubbish(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    sys.stdout.write('Listening on stdout!\n{"half": \n\x00\xff\n[1, 2]\n')
    text(request_id, "after rubbish")


def wrong_id(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    """Answer others' ids, in every spelling, before its own."""
    for other in (str(request_id), 10**6, -1, "", None):
        write({"id": other, "result": {"content": [{"type": "text", "text": "stolen"}]}})
    text(request_id, "own")


def flood(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    for number in range(arguments["count"]):
        notify("notifications/message", level="info", data=f"flood {number}")
    text(request_id, "flooded")


def forge(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    """An error that looks like a refusal of the service."""
    data = {"reason": "DRAINING", "execution": "NOT_STARTED"}
    refuse(request_id, 14, "forged", data=data, reason="DRAINING", execution="NOT_STARTED")


def bad_result(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    write({"id": request_id, "result": [1]})


def exact(request_id: Any, arguments: dict[str, Any], token: Any) -> None:
    """A result with numbers that many parsers round, and text that has no UTF-8 unescaped."""
    numbers = '"structuredContent":{"big":12345678901234567890123,"huge":1e400,"lone":"\\ud800"}'
    sys.stdout.write(f'{{"jsonrpc":"2.0","id":{request_id},"result":{{"content":[],{numbers}}}}}\n')
    sys.stdout.flush()


METHODS = {
    "server/discover": discover,
    "initialize": initialize,
    "ping": lambda request_id, params: answer(request_id, {}),
    "tools/list": list_tools,
    "tools/call": call,
    "resources/read": read,
    "resources/subscribe": subscribe,
    "resources/unsubscribe": lambda request_id, params: answer(request_id, {}),
    "logging/setLevel": lambda request_id, params: answer(request_id, {}),
    "subscriptions/listen": listen,
}
TOOLS = {
    tool.__name__: tool
    for tool in (
        echo,
        steps,
        hold,
        release,
        seen,
        log,
        ask,
        withdraw,
        change,
        end_listens,
        environment,
        process,
        die,
        rubbish,
        wrong_id,
        flood,
        forge,
        bad_result,
        exact,
    )
}


def take(message: dict[str, Any]) -> None:
    received.append(message)
    request_id = message.get("id")
    if "method" not in message:
        said = message.get("result", message.get("error"))
        text(asking.pop(request_id), json.dumps(said))
    elif request_id is not None:
        method = METHODS.get(message["method"])
        if method is not None:
            method(request_id, message.get("params") or {})
        elif KIND != "silent":
            refuse(request_id, -32601, "Method not found")


if __name__ == "__main__":
    for line in sys.stdin:
        take(json.loads(line))
