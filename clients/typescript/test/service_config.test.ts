// What gRPC sends again by itself, and what never.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { create, type DescMethod } from "@bufbuild/protobuf";
import type { UntypedHandleCall } from "@grpc/grpc-js";

import {
  CallToolResponseSchema,
  DiscoverResponseSchema,
  DiscoveryService,
  ListToolsResponseSchema,
  McpService,
  serviceConfig,
  status,
  ToolsService,
} from "../src/index.js";
import { collected, connect, failureOf } from "./live.js";
import { serve } from "./scripted.js";

const UNAVAILABLE = { code: status.UNAVAILABLE, details: "not now" };

/** Fails the first call, and counts them all. */
function failingFirst(answer: unknown) {
  const counted = { calls: 0 };
  const handler = (_: unknown, done: (error: object | null, answer?: unknown) => void) => {
    counted.calls += 1;
    if (counted.calls === 1) done(UNAVAILABLE);
    else done(null, answer);
  };
  return { counted, handler: handler as UntypedHandleCall };
}

async function served(t: TestContext, method: DescMethod, handler: UntypedHandleCall) {
  return connect(t, await serve(t, [[method, handler]]));
}

test("a read is sent again when the server is unavailable", async (t) => {
  const value = { tools: [{ name: "add" }] };
  const answer = create(ListToolsResponseSchema, { result: { case: "complete", value } });
  const { counted, handler } = failingFirst(answer);
  const client = await served(t, ToolsService.method.listTools, handler);
  assert.equal((await collected(client.eachTool())).length, 1);
  assert.equal(counted.calls, 2);
});

test("a discovery is sent again when the server is unavailable", async (t) => {
  const { counted, handler } = failingFirst(create(DiscoverResponseSchema));
  const client = await served(t, DiscoveryService.method.discover, handler);
  await client.discovery.discover({});
  assert.equal(counted.calls, 2);
});

test("a tool is never called again", async (t) => {
  const { counted, handler } = failingFirst(create(CallToolResponseSchema));
  const client = await served(t, ToolsService.method.callTool, handler);
  const failure = await failureOf(client.tools.callTool({ name: "add" }));
  assert.equal(failure.code, status.UNAVAILABLE);
  assert.equal(counted.calls, 1);
});

test("a tool is never watched again, and a call never made again", async (t) => {
  for (const method of [ToolsService.method.watchTool, McpService.method.call]) {
    let calls = 0;
    const handler = (stream: { emit(event: string, error: object): void }) => {
      calls += 1;
      stream.emit("error", UNAVAILABLE);
    };
    const client = await served(t, method, handler as UntypedHandleCall);
    const events: AsyncIterable<unknown> =
      method === McpService.method.call ? client.mcp.call({}) : client.tools.watchTool({});
    assert.equal((await failureOf(collected(events))).code, status.UNAVAILABLE);
    assert.equal(calls, 1);
  }
});

test("the service config names no method that has an effect", () => {
  const named = serviceConfig.methodConfig.flatMap(({ name }) =>
    name.map(({ service, method }) => `${service}/${method}`),
  );
  const services = [ToolsService, McpService, DiscoveryService];
  for (const { typeName, methods } of services) {
    for (const { name, idempotency } of methods) {
      assert.equal(named.includes(`${typeName}/${name}`), idempotency === 1, name);
    }
  }
});

test("a listing that gives a cursor twice is given up", async (t) => {
  const value = { nextCursor: "again" };
  const answer = create(ListToolsResponseSchema, { result: { case: "complete", value } });
  const handler = (_: unknown, done: (error: null, answer: unknown) => void) => done(null, answer);
  const client = await served(t, ToolsService.method.listTools, handler as UntypedHandleCall);
  const failure = await failureOf(collected(client.eachTool()));
  assert.match(failure.message, /the cursor "again" twice/);
});

test("an answer that is no page is no empty list", async (t) => {
  const value = { resultType: "odd" };
  const answer = create(ListToolsResponseSchema, { result: { case: "other", value } });
  const handler = (_: unknown, done: (error: null, answer: unknown) => void) => done(null, answer);
  const client = await served(t, ToolsService.method.listTools, handler as UntypedHandleCall);
  const failure = await failureOf(collected(client.eachTool()));
  assert.match(failure.message, /of type "odd"/);
});
