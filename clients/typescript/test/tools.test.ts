// Calls of tools on the live server: results, deadlines, cancellation, streams, and input that is bad.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type CallToolResponse,
  Execution,
  LoggingLevel,
  Role,
  status,
  type WatchToolResponse,
} from "../src/index.js";
import { collected, connect, failureOf, freshKey, openServer, run, textOf, waits } from "./live.js";

test("a tool is called with a deadline", async (t) => {
  const result = await run(connect(t), "add", { a: 1, b: 2 }, { timeoutMs: 20_000 });
  assert.equal(textOf(result), "3");
  assert.deepEqual(JSON.parse(result.structuredContentJson ?? ""), { result: 3 });
});

test("a deadline that passes cancels the tool at the server", async (t) => {
  const client = connect(t);
  const key = freshKey();
  // The first deadlines may pass before the tool has begun.
  for (let timeoutMs = 200; !(await waits(client)).begun[key]; timeoutMs *= 4) {
    const failure = await failureOf(run(client, "wait", { key }, { timeoutMs }));
    assert.equal(failure.code, status.DEADLINE_EXCEEDED);
    assert.equal(failure.execution, Execution.MAYBE);
  }
  await run(client, "settled", { key });
  assert.ok((await waits(client)).cancelled[key]);
});

/** Lets a call of `wait` begin, and cancels it. */
async function beginAndAbort(client: ReturnType<typeof connect>, key: string): Promise<void> {
  const call = { name: "wait", argumentsJson: JSON.stringify({ key }) };
  for await (const { event } of client.tools.watchTool({ call })) {
    assert.equal(event.case, "progress");
    break;
  }
}

test("a deadline that passes while a tool is watched ends it", async (t) => {
  const call = { name: "wait", argumentsJson: JSON.stringify({ key: freshKey() }) };
  const events = connect(t).tools.watchTool({ call }, { timeoutMs: 300 });
  assert.equal((await failureOf(collected(events))).code, status.DEADLINE_EXCEEDED);
});

test("a deadline of zero fails before anything is sent", async (t) => {
  const client = connect(t);
  const failure = await failureOf(run(client, "add", { a: 1, b: 2 }, { timeoutMs: 0 }));
  assert.equal(failure.code, status.DEADLINE_EXCEEDED);
  assert.ok(failure.notStarted);
});

test("a call that is cancelled is cancelled at the server", async (t) => {
  const client = connect(t);
  const key = freshKey();
  const stop = new AbortController();
  const call = { name: "wait", argumentsJson: JSON.stringify({ key }) };
  const events = client.tools.watchTool({ call }, { signal: stop.signal });
  assert.equal((await events.next()).value?.event.case, "progress");
  stop.abort();
  const failure = await failureOf(events.next());
  assert.equal(failure.code, status.CANCELLED);
  await run(client, "settled", { key });
  assert.equal((await waits(client)).cancelled[key], 1);
});

test("leaving the iteration of a stream cancels the tool", async (t) => {
  const client = connect(t);
  const key = freshKey();
  await beginAndAbort(client, key);
  await run(client, "settled", { key });
  assert.equal((await waits(client)).cancelled[key], 1);
});

test("a call that is cancelled before it begins is not sent", async (t) => {
  const client = connect(t);
  const failure = await failureOf(run(client, "add", {}, { signal: AbortSignal.abort() }));
  assert.equal(failure.code, status.CANCELLED);
  assert.ok(failure.notStarted);
});

test("integers beyond doubles survive", async (t) => {
  const result = await run(connect(t), "echo", '{"value":9007199254740993}');
  assert.equal(textOf(result), "9007199254740993");
  assert.match(result.structuredContentJson ?? "", /"value": ?9007199254740993\b/);
});

test("no field of a content block is dropped", async (t) => {
  const result = await run(connect(t), "contents");
  assert.equal(JSON.parse(result.metaJson ?? "")["com.example/blocks"], 6);
  const [text, image, audio, link, embeddedText, embeddedBlob] = result.content.map(
    ({ block }) => block,
  );
  const annotations = {
    audience: [Role.USER, Role.ASSISTANT],
    priority: 0.5,
    lastModified: "2026-07-28T12:00:00Z",
  };
  const everyByte = Uint8Array.from({ length: 256 }, (_, at) => at);
  assert.equal(text?.case, "text");
  assert.equal(text.value.text, "A line.");
  assertHolds(text.value.annotations, annotations);
  assert.match(text.value.metaJson ?? "", /9007199254740993/);
  assert.equal(image?.case, "image");
  assert.equal(image.value.mimeType, "image/png");
  assert.deepEqual([...image.value.data.subarray(1, 4)], [...Buffer.from("PNG")]);
  assertHolds(image.value.annotations, annotations);
  assert.equal(audio?.case, "audio");
  assert.deepEqual(audio.value.data, everyByte);
  assert.match(audio.value.metaJson ?? "", /9007199254740993/);
  assert.equal(link?.case, "resourceLink");
  const { icons, ...rest } = link.value;
  assertHolds(rest, {
    uri: "file:///example.txt",
    name: "example.txt",
    title: "Example",
    description: "A file of one line.",
    mimeType: "text/plain",
    size: 8n,
  });
  assertHolds(icons[0], { mimeType: "image/svg+xml", sizes: ["any"] });
  assertHolds(link.value.annotations, annotations);
  assert.deepEqual(JSON.parse(link.value.metaJson ?? ""), { "com.example/link": 1 });
  assert.equal(embeddedText?.case, "resource");
  assertHolds(embeddedText.value.resource?.content, { case: "text", value: "A line.\n" });
  assertHolds(embeddedText.value.annotations, annotations);
  assert.equal(embeddedBlob?.case, "resource");
  assertHolds(embeddedBlob.value.resource?.content, { case: "blob", value: everyByte });
  assert.match(embeddedBlob.value.metaJson ?? "", /9007199254740993/);
});

function assertHolds(actual: object | undefined, expected: object): void {
  assert.ok(actual);
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(Reflect.get(actual, name), value, name);
  }
}

test("a tool that fails is a result and no error", async (t) => {
  const result = await run(connect(t), "fail", { message: "no luck" });
  assert.equal(result.isError, true);
  assert.equal(textOf(result), "no luck");
});

test("progress and log messages come before the result", async (t) => {
  const call = {
    name: "steps",
    argumentsJson: '{"total":3}',
    context: { logLevel: LoggingLevel.INFO },
  };
  const events = await collected(connect(t).tools.watchTool({ call }));
  assert.deepEqual(steps(events), ["progress 1", "log", "progress 2", "log", "progress 3", "log"]);
  const last = events.at(-1)?.event;
  assert.equal(last?.case, "result");
  assert.equal(last.value.result.case, "complete");
});

function steps(events: WatchToolResponse[]): string[] {
  return events.slice(0, -1).map(({ event }) => {
    return event.case === "progress" ? `progress ${event.value.progress}` : String(event.case);
  });
}

test("a client that stops reading a stream holds up no other call", async (t) => {
  const client = connect(t, await openServer(t));
  const call = { name: "steps", argumentsJson: '{"total":20000}' };
  const events = client.tools.watchTool({ call });
  assert.equal((await events.next()).value?.event.case, "progress");
  assert.equal(textOf(await run(client, "add", { a: 1, b: 2 })), "3");
  await events.return();
  assert.equal((await events.next()).done, true);
});

test("input that a tool requires is asked for and given", async (t) => {
  const client = connect(t);
  const context = { clientCapabilitiesJson: '{"elicitation":{"form":{}}}' };
  const call = { name: "confirm", argumentsJson: '{"question":"Sure?"}', context };
  const asked = await client.tools.callTool(call);
  assert.equal(asked.result.case, "inputRequired");
  const { inputRequests, requestState } = asked.result.value;
  assert.equal(inputRequests["answer"]?.method, "elicitation/create");
  const inputResponsesJson = { answer: '{"action":"accept","content":{"answer":"yes"}}' };
  const retry = { inputResponsesJson, ...(requestState !== undefined && { requestState }) };
  assert.equal(
    answerOf(await client.tools.callTool({ ...call, retry })),
    'accept {"answer":"yes"}',
  );
});

function answerOf({ result }: CallToolResponse): string {
  assert.equal(result.case, "complete");
  return textOf(result.value);
}

test("wrong JSON in the arguments is an invalid argument", async (t) => {
  const failure = await failureOf(run(connect(t), "add", "{"));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.equal(failure.reason, "PARSE_ERROR");
  assert.equal(failure.rpcCode, -32700n);
  assert.match(failure.message, /arguments_json/);
});

test("a required field that is not set is refused by name", async (t) => {
  const failure = await failureOf(run(connect(t), ""));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.equal(failure.rpcCode, -32602n);
  assert.match(failure.message, /name/);
});

test("an enum value that nobody knows is an invalid argument", async (t) => {
  const context = { logLevel: 99 as LoggingLevel };
  const failure = await failureOf(connect(t).tools.callTool({ name: "add", context }));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.match(failure.message, /log_level/);
});
