// Sessions on the live server.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type McpClient, type Session, status } from "../src/index.js";
import {
  connect,
  failureOf,
  firstCall,
  freshKey,
  openServer,
  run,
  toolParams,
  waits,
} from "./live.js";

/** A session that is aborted after the test, unless it has ended. */
async function opened(t: TestContext, client: McpClient): Promise<Session> {
  const session = await client.openSession();
  t.after(() => session.abort());
  return session;
}

/** Calls `wait`; gives its end once it has begun. */
async function begun(session: Session, key: string, signal?: AbortSignal) {
  const { heard, hear } = firstCall<string>();
  const options = { onNotification: hear, ...(signal && { signal }) };
  const ended = session.call("tools/call", toolParams("wait", { key }), options);
  // Looked at later, when the test comes to it.
  ended.catch(() => undefined);
  assert.equal(await heard, "notifications/progress");
  return { ended };
}

test("two hundred calls at once each get their own answer", async (t) => {
  const session = await opened(t, connect(t));
  const numbers = Array.from({ length: 200 }, (_, at) => at);
  const answers = await Promise.all(
    numbers.map((a) => session.call("tools/call", toolParams("add", { a, b: 1000 }))),
  );
  const results = answers.map((answer) => JSON.parse(answer).structuredContent.result);
  assert.deepEqual(
    results,
    numbers.map((a) => a + 1000),
  );
  await session.close();
});

test("the window of the server is kept", async (t) => {
  const session = await opened(t, connect(t, await openServer(t, { window: 4 })));
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, a) =>
      session.call("tools/call", toolParams("add", { a, b: 0 })),
    ),
  );
  // One beyond the window would have been refused: WINDOW_EXCEEDED.
  assert.equal(answers.length, 50);
});

test("a call waits for a place until a cancelled one is settled", async (t) => {
  const session = await opened(t, connect(t, await openServer(t, { window: 1 })));
  const stop = new AbortController();
  const { ended: running } = await begun(session, freshKey(), stop.signal);
  const waiting = session.call("tools/call", toolParams("add", { a: 1, b: 2 }));
  stop.abort();
  assert.equal((await failureOf(running)).code, status.CANCELLED);
  assert.equal(JSON.parse(await waiting).structuredContent.result, 3);
});

test("a subscription takes no place in the window", async (t) => {
  const session = await opened(t, connect(t, await openServer(t, { window: 1 })));
  const { ended: running } = await begun(session, freshKey());
  const { heard, hear } = firstCall<string>();
  const params = '{"notifications":{"toolsListChanged":true}}';
  const listening = session.call("subscriptions/listen", params, { onNotification: hear });
  assert.equal(await heard, "notifications/subscriptions/acknowledged");
  session.abort();
  assert.equal((await failureOf(listening)).code, status.CANCELLED);
  await failureOf(running);
});

test("a request that is cancelled is cancelled at the server", async (t) => {
  const client = connect(t);
  const session = await opened(t, client);
  const key = freshKey();
  const stop = new AbortController();
  const { ended: running } = await begun(session, key, stop.signal);
  stop.abort();
  const failure = await failureOf(running);
  assert.equal(failure.code, status.CANCELLED);
  assert.equal(failure.notStarted, false);
  await run(client, "settled", { key });
  assert.equal((await waits(client)).cancelled[key], 1);
});

test("a timeout is the server's answer and cancels the tool", async (t) => {
  const client = connect(t);
  const session = await opened(t, client);
  const key = freshKey();
  for (let timeoutMs = 200; !(await waits(client)).begun[key]; timeoutMs *= 4) {
    const params = toolParams("wait", { key });
    const failure = await failureOf(session.call("tools/call", params, { timeoutMs }));
    assert.equal(failure.code, status.DEADLINE_EXCEEDED);
  }
  await run(client, "settled", { key });
  assert.ok((await waits(client)).cancelled[key]);
});

test("a session that drains finishes what runs and takes nothing further", async (t) => {
  const address = await openServer(t);
  const client = connect(t, address);
  const session = await opened(t, client);
  const stop = new AbortController();
  const { ended: running } = await begun(session, freshKey(), stop.signal);
  const { heard, hear } = firstCall<string>();
  const params = '{"notifications":{"toolsListChanged":true}}';
  const listening = session.call("subscriptions/listen", params, { onNotification: hear });
  await heard;
  await run(connect(t), "drain_server", { address });
  // Completed by the drain, behind GoAway.
  await listening;
  assert.equal(session.over?.reason, "DRAINING");
  const refused = await failureOf(session.call("tools/list"));
  assert.equal(refused.reason, "DRAINING");
  assert.ok(refused.notStarted);
  stop.abort();
  assert.equal((await failureOf(running)).code, status.CANCELLED);
  await session.close();
});

test("a subscription brings changes until it is cancelled", async (t) => {
  const session = await opened(t, connect(t));
  const stop = new AbortController();
  const heard: string[] = [];
  const { heard: changed, hear: seen } = firstCall<void>();
  const { heard: acknowledged, hear: ready } = firstCall<void>();
  const onNotification = (method: string) => {
    heard.push(method);
    if (heard.length === 1) ready();
    if (method === "notifications/tools/list_changed") seen();
  };
  const params = '{"notifications":{"toolsListChanged":true}}';
  const options = { onNotification, signal: stop.signal };
  const listening = session.call("subscriptions/listen", params, options);
  await acknowledged;
  await session.call("tools/call", toolParams("change"));
  await changed;
  assert.equal(heard[0], "notifications/subscriptions/acknowledged");
  stop.abort();
  assert.equal((await failureOf(listening)).code, status.CANCELLED);
  await session.close();
});

test("progress comes before the answer", async (t) => {
  const session = await opened(t, connect(t));
  const methods: string[] = [];
  const onNotification = (method: string) => void methods.push(method);
  await session.call("tools/call", toolParams("steps", { total: 5 }), { onNotification });
  assert.equal(methods.filter((method) => method === "notifications/progress").length, 5);
});

test("a large answer comes in pieces and is whole", async (t) => {
  const session = await opened(t, connect(t));
  const answer = await session.call("tools/call", toolParams("large", { bytes: 3_000_000 }));
  assert.equal(JSON.parse(answer).content[0].text.length, 3_000_000);
});

test("a request that the server is too small for is not sent", async (t) => {
  const address = await openServer(t, { max_message_bytes: 65_536 });
  const session = await opened(t, connect(t, address));
  const params = toolParams("echo", { value: "x".repeat(70_000) });
  const failure = await failureOf(session.call("tools/call", params));
  assert.equal(failure.reason, "MESSAGE_TOO_LARGE");
  assert.equal(failure.code, status.RESOURCE_EXHAUSTED);
  assert.ok(failure.notStarted);
  await session.call("tools/list");
});

test("an error of the application keeps its code and data", async (t) => {
  const session = await opened(t, connect(t));
  const params = toolParams("refuse", { code: 14, message: "no", data: [1] });
  const failure = await failureOf(session.call("tools/call", params));
  assert.equal(failure.domain, "mcp");
  assert.equal(failure.rpcCode, 14n);
  assert.equal(failure.code, status.UNKNOWN);
  assert.deepEqual(JSON.parse(failure.dataJson ?? ""), [1]);
});

test("integers beyond doubles survive on a session", async (t) => {
  const session = await opened(t, connect(t));
  const params = '{"name":"echo","arguments":{"value":9007199254740993}}';
  assert.match(await session.call("tools/call", params), /"value": ?9007199254740993\b/);
});

test("params that are no object are refused before they are sent", async (t) => {
  const session = await opened(t, connect(t));
  for (const params of ["[]", "null", "{", ""]) {
    const failure = await failureOf(session.call("tools/list", params));
    assert.equal(failure.code, status.INVALID_ARGUMENT);
    assert.ok(failure.notStarted);
  }
});

test("a session that is closed finishes what is under way and takes nothing further", async (t) => {
  const session = await opened(t, connect(t));
  const running = session.call("tools/call", toolParams("add", { a: 1, b: 2 }));
  const closed = session.close();
  const refused = await failureOf(session.call("tools/list"));
  assert.ok(refused.notStarted);
  assert.equal(JSON.parse(await running).structuredContent.result, 3);
  await closed;
});
