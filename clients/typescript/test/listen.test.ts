// Subscriptions on the live server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { status } from "../src/index.js";
import { collected, connect, failureOf, openServer, run } from "./live.js";

const notifications = { toolsListChanged: true, resourceSubscriptions: ["file:///example.txt"] };

test("changes arrive until the client cancels", async (t) => {
  const client = connect(t);
  const stop = new AbortController();
  const events = client.subscriptions.listen({ notifications }, { signal: stop.signal });
  const acknowledged = (await events.next()).value?.event;
  assert.equal(acknowledged?.case, "acknowledged");
  assert.equal(acknowledged.value.notifications?.toolsListChanged, true);
  await run(client, "change");
  const seen = new Set<string | undefined>();
  while (!seen.has("toolsListChanged") || !seen.has("resourceUpdated")) {
    const event = (await events.next()).value?.event;
    if (event?.case === "resourceUpdated") assert.equal(event.value.uri, "file:///example.txt");
    seen.add(event?.case);
  }
  stop.abort();
  const failure = await failureOf(collected(events));
  assert.equal(failure.code, status.CANCELLED);
});

test("a server that drains completes the subscription", async (t) => {
  const address = await openServer(t);
  const events = connect(t, address).subscriptions.listen({ notifications });
  assert.equal((await events.next()).value?.event.case, "acknowledged");
  await run(connect(t), "drain_server", { address });
  const rest = await collected(events);
  assert.equal(rest.at(-1)?.event.case, "complete");
});

test("a subscription that is refused fails although nobody iterated before", async (t) => {
  const address = await openServer(t, { api_keys: true });
  const client = connect(t, address);
  const events = client.subscriptions.listen({ notifications });
  // Refused by the server's side before this one is.
  await failureOf(client.discovery.discover({}));
  assert.equal((await failureOf(events.next())).code, status.UNAUTHENTICATED);
});
