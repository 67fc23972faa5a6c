// Listings, resources, prompts, completion and discovery on the live server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { IconTheme, Role, status } from "../src/index.js";
import { collected, connect, failureOf } from "./live.js";

test("every tool is listed once over all pages", async (t) => {
  const names = (await collected(connect(t).eachTool())).map(({ name }) => name);
  assert.ok(names.length > 37);
  assert.equal(new Set(names).size, names.length);
  for (let at = 0; at < 25; at += 1) {
    assert.ok(names.includes(`extra_${String(at).padStart(2, "0")}`));
  }
});

test("a tool is listed with everything that it says", async (t) => {
  for await (const tool of connect(t).eachTool()) {
    assert.equal(tool.name, "add");
    assert.equal(tool.title, "Add");
    assert.equal(tool.annotations?.readOnlyHint, true);
    assert.equal(tool.annotations.title, "Add two numbers");
    assert.equal(tool.icons[0]?.theme, IconTheme.DARK);
    assert.deepEqual(JSON.parse(tool.inputSchemaJson).required, ["a", "b"]);
    assert.deepEqual(JSON.parse(tool.outputSchemaJson ?? "").required, ["result"]);
    assert.deepEqual(JSON.parse(tool.metaJson ?? ""), { "com.example/kind": "arithmetic" });
    break;
  }
});

test("resources, templates and prompts are listed", async (t) => {
  const client = connect(t);
  const resources = await collected(client.eachResource());
  assert.equal(resources.length, 27);
  assert.equal(resources[0]?.size, 8n);
  const templates = await collected(client.eachResourceTemplate());
  assert.deepEqual(
    templates.map(({ uriTemplate }) => uriTemplate),
    ["file:///{name}"],
  );
  const prompts = await collected(client.eachPrompt());
  assert.deepEqual(
    prompts.map(({ name }) => name),
    ["review"],
  );
});

test("a cursor of another list is refused as an invalid argument", async (t) => {
  const client = connect(t);
  const { result } = await client.tools.listTools({});
  assert.equal(result.case, "complete");
  const cursor = result.value.nextCursor;
  assert.ok(cursor);
  const failure = await failureOf(client.resources.listResources({ cursor }));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.equal(failure.domain, "mcp");
  assert.equal(failure.rpcCode, -32602n);
});

test("a text resource is read", async (t) => {
  const { result } = await connect(t).resources.readResource({ uri: "file:///example.txt" });
  assert.equal(result.case, "complete");
  const [contents] = result.value.contents;
  assert.deepEqual(contents?.content, { case: "text", value: "A line.\n" });
  assert.equal(contents.mimeType, "text/plain");
});

test("a binary resource is read as bytes", async (t) => {
  const { result } = await connect(t).resources.readResource({ uri: "file:///pixel.bin" });
  assert.equal(result.case, "complete");
  const value = Uint8Array.from({ length: 256 }, (_, at) => at);
  assert.deepEqual(result.value.contents[0]?.content, { case: "blob", value });
});

test("a resource that does not exist is a typed error with its data", async (t) => {
  const uri = "file:///none";
  const failure = await failureOf(connect(t).resources.readResource({ uri }));
  assert.equal(failure.rpcCode, -32602n);
  assert.deepEqual(JSON.parse(failure.dataJson ?? ""), { uri });
});

test("a prompt is got with its arguments", async (t) => {
  const answer = await connect(t).prompts.getPrompt({ name: "review", arguments: { code: "x" } });
  assert.equal(answer.result.case, "complete");
  const [message] = answer.result.value.messages;
  assert.equal(message?.role, Role.USER);
  assert.equal(message.content?.block.case, "text");
  assert.equal(message.content.block.value.text, "Review this:\nx");
});

test("an argument is completed", async (t) => {
  const { result } = await connect(t).completion.complete({
    ref: { case: "prompt", value: { name: "review" } },
    argument: { name: "code", value: "t" },
  });
  assert.equal(result.case, "complete");
  assert.deepEqual(result.value.completion?.values, ["typescript"]);
  assert.equal(result.value.completion.total, 1n);
});

test("the server says what it speaks and offers", async (t) => {
  const { result } = await connect(t).discovery.discover({});
  assert.equal(result.case, "complete");
  assert.ok(result.value.supportedVersions.includes("2026-07-28"));
  assert.equal(result.value.instructions, "Call `add`.");
  assert.ok(result.value.capabilities?.tools);
});
