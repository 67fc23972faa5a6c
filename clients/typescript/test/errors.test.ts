// Every kind of failure arrives as itself: of the application, of the service, of gRPC.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";

import { Execution, Metadata, McpClient, status } from "../src/index.js";
import { readStatusDetails } from "../src/status_details.js";
import {
  connect,
  environment,
  failureOf,
  firstCall,
  freshKey,
  openServer,
  run,
  textOf,
  toolParams,
} from "./live.js";

test("an error of the application has its code, message and data", async (t) => {
  const data = { a: [1] };
  const failure = await failureOf(run(connect(t), "refuse", { code: 7, message: "no", data }));
  assert.equal(failure.code, status.UNKNOWN);
  assert.equal(failure.domain, "mcp");
  assert.equal(failure.reason, "APPLICATION_ERROR");
  assert.equal(failure.rpcCode, 7n);
  assert.equal(failure.message, "no");
  assert.equal(failure.execution, Execution.MAYBE);
  assert.deepEqual(JSON.parse(failure.dataJson ?? ""), data);
});

test("data that has no room is said to have been there", async (t) => {
  const data = "x".repeat(10_000);
  const failure = await failureOf(run(connect(t), "refuse", { code: 7, message: "no", data }));
  assert.equal(failure.dataJson, undefined);
  assert.equal(failure.dataBytes, 10_002);
});

test("an error of twenty thousand characters arrives as itself", async (t) => {
  const failure = await failureOf(run(connect(t), "explode"));
  assert.equal(failure.code, status.UNKNOWN);
  assert.equal(failure.rpcCode, -32000n);
  assert.match(failure.message, /^x{500}/);
});

test("a call without a credential is unauthenticated", async (t) => {
  const roots = readFileSync(environment("MCPGRPC_TLS_CA"));
  const client = connect(t, environment("MCPGRPC_TLS_ADDRESS"), { tls: { roots } });
  const failure = await failureOf(run(client, "add", { a: 1, b: 2 }));
  assert.equal(failure.code, status.UNAUTHENTICATED);
  assert.equal(failure.reason, "UNAUTHENTICATED");
  assert.ok(failure.notStarted);
  assert.equal((await failureOf(client.openSession())).reason, "UNAUTHENTICATED");
});

test("a bad token is unauthenticated, and asked for with each call", async (t) => {
  const roots = readFileSync(environment("MCPGRPC_TLS_CA"));
  let asked = 0;
  const bearerToken = async () => `bad-${(asked += 1)}`;
  const options = { tls: { roots }, bearerToken };
  const client = connect(t, environment("MCPGRPC_TLS_ADDRESS"), options);
  for (let call = 1; call <= 2; call += 1) {
    assert.equal((await failureOf(run(client, "add"))).code, status.UNAUTHENTICATED);
    assert.equal(asked, call);
  }
});

test("a good key over TLS is taken", async (t) => {
  const options = {
    tls: { roots: readFileSync(environment("MCPGRPC_TLS_CA")) },
    apiKey: environment("MCPGRPC_API_KEY"),
  };
  const client = connect(t, environment("MCPGRPC_TLS_ADDRESS"), options);
  assert.equal(textOf(await run(client, "add", { a: 1, b: 2 })), "3");
  const session = await client.openSession();
  await session.call("tools/list");
  await session.close();
});

test("a certificate that nobody vouches for is not talked to", async (t) => {
  const client = connect(t, environment("MCPGRPC_TLS_ADDRESS"), {});
  const failure = await failureOf(run(client, "add", {}, { timeoutMs: 20_000 }));
  assert.equal(failure.code, status.UNAVAILABLE);
  assert.equal(failure.domain, "");
});

test("what the policy forbids is permission denied", async (t) => {
  const client = connect(t, await openServer(t, { policy: true }));
  const failure = await failureOf(run(client, "fail", { message: "x" }));
  assert.equal(failure.code, status.PERMISSION_DENIED);
  assert.equal(failure.reason, "FORBIDDEN");
  assert.ok(failure.notStarted);
});

test("a budget that is spent is resource exhausted and says when to come back", async (t) => {
  const client = connect(t, await openServer(t, { rate_limit: "2/minute" }));
  await run(client, "extra_00");
  await run(client, "extra_00");
  const failure = await failureOf(run(client, "extra_00"));
  assert.equal(failure.code, status.RESOURCE_EXHAUSTED);
  assert.equal(failure.reason, "RATE_LIMITED");
  assert.ok((failure.retryAfterMs ?? 0) > 0);
  const session = await client.openSession();
  const refused = await failureOf(session.call("tools/list"));
  assert.equal(refused.code, status.RESOURCE_EXHAUSTED);
  assert.equal(refused.reason, "RATE_LIMITED");
  assert.ok((refused.retryAfterMs ?? 0) > 0);
  await session.close();
});

test("nobody at the address is unavailable and promises nothing", async (t) => {
  const client = connect(t, await freeAddress());
  const failure = await failureOf(run(client, "add", {}, { timeoutMs: 20_000 }));
  assert.equal(failure.code, status.UNAVAILABLE);
  assert.equal(failure.domain, "");
  assert.equal(failure.execution, Execution.MAYBE);
  assert.equal((await failureOf(client.openSession())).code, status.UNAVAILABLE);
});

test("a server that drains is unavailable and has not started", async (t) => {
  const address = await openServer(t);
  const client = connect(t, address);
  const session = await client.openSession();
  const { heard: begun, hear: onNotification } = firstCall<string>();
  const running = failureOf(
    session.call("tools/call", toolParams("wait", { key: freshKey() }), { onNotification }),
  );
  await begun;
  const { heard: acknowledged, hear } = firstCall<string>();
  const params = '{"notifications":{"toolsListChanged":true}}';
  const listening = session.call("subscriptions/listen", params, { onNotification: hear });
  await acknowledged;
  await run(connect(t), "drain_server", { address });
  await listening;
  const failure = await failureOf(run(client, "extra_00"));
  assert.equal(failure.code, status.UNAVAILABLE);
  assert.equal(failure.reason, "DRAINING");
  assert.ok(failure.notStarted);
  session.abort();
  await running;
});

test("a credential is not sent in plaintext", () => {
  const options = { plaintext: true, apiKey: "secret" };
  assert.throws(() => new McpClient("127.0.0.1:1", options), /credential is not sent in plaintext/);
});

test("a mirror that says something else is an invalid argument", async (t) => {
  const metadata = new Metadata();
  metadata.set("mcp-name", "fail");
  const failure = await failureOf(run(connect(t), "add", { a: 1, b: 2 }, { metadata }));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.equal(failure.rpcCode, -32020n);
});

test("trailers that make no sense are a plain status", () => {
  assert.equal(readStatusDetails(Uint8Array.of(0x1a, 0x7f, 1)), undefined);
  assert.equal(readStatusDetails(new Uint8Array()), undefined);
});

/** An address at which nobody listens any more. */
async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  await new Promise((closed) => server.close(closed));
  return `127.0.0.1:${address.port}`;
}
