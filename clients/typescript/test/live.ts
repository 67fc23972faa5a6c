// The server that `make test-clients` starts, as the tests reach it. It holds no test.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import {
  type CallOptions,
  type CallToolResult,
  McpClient,
  type McpClientOptions,
  McpError,
} from "../src/index.js";

/** A variable of the tests' environment. */
export function environment(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run \`make test-clients ONLY=typescript\``);
  return value;
}

/** A client in plaintext until the test ends; of the common server if no address is given. */
export function connect(
  t: TestContext,
  address = environment("MCPGRPC_ADDRESS"),
  options: McpClientOptions = { plaintext: true },
): McpClient {
  const client = new McpClient(address, options);
  t.after(() => client.close());
  return client;
}

/** Calls a tool and demands that it has completed. */
export async function run(
  client: McpClient,
  name: string,
  args: unknown = {},
  options?: CallOptions,
): Promise<CallToolResult> {
  const argumentsJson = typeof args === "string" ? args : JSON.stringify(args);
  const { result } = await client.tools.callTool({ name, argumentsJson }, options);
  assert.equal(result.case, "complete");
  return result.value;
}

/** The text of a result's first block. */
export function textOf({ content }: CallToolResult): string {
  const block = content[0]?.block;
  assert.equal(block?.case, "text");
  return block.value.text;
}

/** A further server of the same app until the test ends; gives its address. */
export async function openServer(t: TestContext, settings: object = {}): Promise<string> {
  const common = connect(t);
  const opened = await run(common, "open_server", settings);
  const { address } = JSON.parse(opened.structuredContentJson ?? "");
  t.after(async () => {
    const closing = new McpClient(environment("MCPGRPC_ADDRESS"), { plaintext: true });
    await run(closing, "close_server", { address });
    closing.close();
  });
  return address;
}

/** How many calls of `wait` have begun, and were cancelled, by their keys. */
export async function waits(client: McpClient): Promise<Waits> {
  return JSON.parse((await run(client, "waits")).structuredContentJson ?? "");
}

interface Waits {
  begun: Record<string, number>;
  cancelled: Record<string, number>;
}

/** What a promise fails with, which must be an McpError. */
export async function failureOf(promise: Promise<unknown>): Promise<McpError> {
  const failure: unknown = await promise.then(
    () => assert.fail("it did not fail"),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof McpError, `not an McpError: ${String(failure)}`);
  return failure;
}

/** Everything that an iteration gives. */
export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

let keys = 0;

/** A key of `wait` that no other test has. */
export function freshKey(): string {
  keys += 1;
  return `typescript-${process.pid}-${keys}`;
}

/** The params of a session's call of a tool. */
export function toolParams(name: string, args: object = {}): string {
  return JSON.stringify({ name, arguments: args });
}

/** Waits for the first of what a callback is called with. */
export function firstCall<Value>(): { heard: Promise<Value>; hear: (value: Value) => void } {
  let hear!: (value: Value) => void;
  const heard = new Promise<Value>((resolve) => (hear = resolve));
  return { heard, hear };
}
