"""A program that uses the synchronous client: `sync_user.py SCENARIO ADDRESS`.

It is a process of its own, since gRPC's poller belongs to the process, and the tests have a loop.
What goes wrong ends it with a traceback.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mcpgrpc import Client, SyncClient
from mcpgrpc.errors import ConnectError, RemoteError, RequestTimeout, UsageError

MODERN = "2026-07-28"


def say(line: str) -> None:
    """Tell the test how far it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def raised(error: type[BaseException], call: Any, *args: Any, **kwargs: Any) -> BaseException:
    """What a call raises."""
    try:
        call(*args, **kwargs)
    except error as met:
        return met
    raise AssertionError(f"{call} raised no {error.__name__}")


def every_method(address: str) -> None:
    """Each method gives what it gives on an event loop."""
    with SyncClient(address) as client:
        assert client.protocol_version == MODERN
        assert client.server_info == {"name": "client-tests", "version": "1.0"}
        assert "tools" in client.capabilities
        assert client.instructions is None
        assert client.call_tool("add", {"a": 1, "b": 2}).structured_content == {"result": 3}
        assert client.request("tools/list")["tools"]
        assert client.discover()["supportedVersions"] == [MODERN]
        assert "add" in {tool.name for tool in client.list_tools()}
        assert [each.uri for each in client.list_resources()] == ["file:///example.txt"]
        assert [each.uri_template for each in client.list_resource_templates()]
        assert [each.name for each in client.list_prompts()] == ["review"]
        assert client.read_resource("file:///example.txt").contents[0].text == "A line.\n"
        assert client.get_prompt("review", {"code": "x"}).messages[0].role == "user"
        ref = {"type": "ref/prompt", "name": "review"}
        assert isinstance(raised(RemoteError, client.complete, ref, "code", "x"), RemoteError)
        client.notify("notifications/roots/list_changed")


def errors(address: str) -> None:
    """Errors are those of the client on an event loop, and say as much."""
    raised(UsageError, SyncClient, address, mode="nonsense")
    nobody = SyncClient("127.0.0.1:1", connect_timeout_seconds=0.2)
    raised(ConnectError, nobody.__enter__)
    client = SyncClient(address, timeout_seconds=0.2)
    assert "async with" in str(raised(UsageError, client.call_tool, "add"))
    with client:
        refused = raised(RemoteError, client.read_resource, "nope:///")
        assert isinstance(refused, RemoteError)
        assert refused.code == -32602
        assert "within 0.2 s" in str(raised(RequestTimeout, client.call_tool, "wait"))
    raised(UsageError, client.call_tool, "add")


def many_threads(address: str) -> None:
    """Several threads use one client, and others have clients of their own."""

    def use(client: SyncClient, number: int) -> None:
        for other in range(20):
            result = client.call_tool("add", {"a": number, "b": other})
            assert result.structured_content == {"result": number + other}

    def own(number: int) -> None:
        with SyncClient(address) as client:
            use(client, number)

    with SyncClient(address) as shared, ThreadPoolExecutor(8) as pool:
        using = [pool.submit(use, shared, number) for number in range(4)]
        using += [pool.submit(own, number) for number in range(4)]
        for each in using:
            each.result()
    names = [thread.name for thread in threading.enumerate() if thread.name == "mcpgrpc-sync"]
    assert len(names) == 1, names


def beside_a_loop(address: str) -> None:
    """An asynchronous client in the main loop, synchronous ones in threads; then another loop."""

    def blocking(number: int) -> None:
        with SyncClient(address) as client:
            for other in range(50):
                result = client.call_tool("add", {"a": number, "b": other})
                assert result.structured_content == {"result": number + other}

    async def beside() -> None:
        async with Client(address) as client:
            threads = [asyncio.to_thread(blocking, number) for number in range(3)]
            under_way = asyncio.gather(*threads)
            while not under_way.done():
                assert (await client.call_tool("add", {"a": 1, "b": 1})).structured_content
            await under_way
            with SyncClient(address) as inside:
                assert inside.call_tool("add", {"a": 1, "b": 1}).structured_content

    asyncio.run(beside())
    blocking(7)
    asyncio.run(beside())


def interrupted(address: str) -> None:
    """Ctrl-C while a call waits ends it, and the client goes on."""
    with SyncClient(address) as client:

        def on_progress(*report: object) -> None:
            say("waiting")

        try:
            client.call_tool("begin_and_wait", on_progress=on_progress)
        except KeyboardInterrupt:
            say("interrupted")
        assert client.call_tool("add", {"a": 1, "b": 1}).structured_content == {"result": 2}


def callbacks(address: str) -> None:
    """A callback in the shared thread is told that it would wait for itself."""
    met: list[BaseException] = []
    with SyncClient(address) as client:

        def on_progress(*report: object) -> None:
            met.append(raised(UsageError, client.call_tool, "add", {"a": 1, "b": 1}))

        client.call_tool("steps", {"total": 1}, on_progress=on_progress)
    assert "another thread" in str(met[0])


def requests_of_the_server(address: str) -> None:
    """A plain function answers, and may use the client itself."""

    def answer(method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        sum_of = client.call_tool("add", {"a": 20, "b": 22}).content[0].text
        content = {"type": "text", "text": f"{method} {sum_of}"}
        return {"role": "assistant", "content": content, "model": "m"}

    with SyncClient(
        address, mode="legacy", capabilities={"sampling": {}}, on_request=answer
    ) as client:
        assert client.call_tool("ask").content[0].text == "sampling/createMessage 42"


def subscription(address: str) -> None:
    """Events come one by one, until the server ends them."""
    with SyncClient(address) as client, client.listen(tools=True) as changes:
        client.call_tool("change", {})
        assert next(changes).method == "notifications/tools/list_changed"
        say("told")
        assert list(changes) == []


def forked(address: str) -> None:
    """A child is told that what its parent opened is not its own, and does not hang."""
    with SyncClient(address) as client:
        client.call_tool("add", {"a": 1, "b": 1})
        with warnings.catch_warnings():
            # From Python 3.12 on a fork beside threads warns, and that is what this is about.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            said = str(raised(UsageError, client.call_tool, "add", {"a": 1, "b": 1}))
            os._exit(0 if "forked" in said else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0, f"the child ended with status {status}"
        client.call_tool("add", {"a": 1, "b": 1})


def never_left(address: str) -> None:
    """A program may end with a client open and a call under way."""
    client = SyncClient(address)
    client.__enter__()
    threading.Thread(target=client.call_tool, args=("wait",), daemon=True).start()
    client.call_tool("add", {"a": 1, "b": 1})


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
