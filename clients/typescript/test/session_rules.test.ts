// The rules of a Session, against a server that keeps to a script.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { create, toBinary } from "@bufbuild/protobuf";

import {
  EnvelopeSchema,
  ErrorReason,
  Execution,
  FragmentState,
  type Session,
  status,
} from "../src/index.js";
import { connect, failureOf } from "./live.js";
import { answer, type ScriptedSession, serveSession } from "./scripted.js";

/** Both ends of a Session; the server has sent its Settings, and taken the client's. */
async function pair(
  t: TestContext,
  settings: { maxInFlight?: number } = { maxInFlight: 64 },
): Promise<{ session: Session; server: ScriptedSession }> {
  const served = await serveSession(t);
  const opening = connect(t, served.address).openSession();
  const server = await served.session;
  assert.equal((await server.next()).case, "settings");
  server.send({ case: "settings", value: settings });
  const session = await opening;
  t.after(() => session.abort());
  return { session, server };
}

test("nothing is sent before the settings of the server", async (t) => {
  const served = await serveSession(t);
  const opening = connect(t, served.address).openSession();
  const server = await served.session;
  const first = await server.next();
  assert.equal(first.case, "settings");
  assert.equal(first.value.maxOpenFragments, 16);
  assert.equal(server.waiting, 0);
  server.send({ case: "settings", value: {} });
  const session = await opening;
  const calling = session.call("ping");
  server.send(answer(await server.nextRequest()));
  assert.equal(await calling, "{}");
  session.abort();
});

test("a server that sends no settings is given up", async (t) => {
  const { address } = await serveSession(t);
  const failure = await failureOf(connect(t, address).openSession({ timeoutMs: 100 }));
  assert.equal(failure.code, status.DEADLINE_EXCEEDED);
  assert.ok(failure.notStarted);
});

test("calls that wait together go out in frames of at most thirty-two", async (t) => {
  const { session, server } = await pair(t);
  const calling = Array.from({ length: 40 }, () => session.call("ping"));
  const ids: bigint[] = [];
  while (ids.length < 40) ids.push(await server.nextRequest());
  assert.deepEqual(
    server.frames.slice(1).map(({ items }) => items.length),
    [32, 8],
  );
  server.send(...ids.map((id) => answer(id, `{"id":${id}}`)));
  assert.deepEqual(
    await Promise.all(calling),
    ids.map((id) => `{"id":${id}}`),
  );
});

test("a request beyond the window is sent when one is settled", async (t) => {
  const { session, server } = await pair(t, { maxInFlight: 1 });
  const [first, second] = [session.call("one"), session.call("two")];
  const id = await server.nextRequest();
  assert.equal(server.waiting, 0);
  server.send(answer(id));
  await first;
  server.send(answer(await server.nextRequest()));
  await second;
});

test("a request that is cancelled before it was sent is never sent", async (t) => {
  const { session, server } = await pair(t, { maxInFlight: 1 });
  const stop = new AbortController();
  const first = session.call("one");
  const second = session.call("two", "{}", { signal: stop.signal });
  stop.abort();
  assert.ok((await failureOf(second)).notStarted);
  const third = session.call("three");
  server.send(answer(await server.nextRequest()));
  server.send(answer(await server.nextRequest()));
  await Promise.all([first, third]);
  assert.equal(server.frames.flatMap(({ items }) => items).length, 3);
});

test("what is beyond GoAway has not started and the rest is answered", async (t) => {
  const { session, server } = await pair(t, { maxInFlight: 2 });
  const calls = ["one", "two", "three"].map((method) => session.call(method));
  const [accepted, late, unsent] = calls.map((call) => call.catch((error: unknown) => error));
  const id = await server.nextRequest();
  await server.nextRequest();
  server.send({ case: "goAway", value: { acceptedRequests: 1n } }, answer(id));
  assert.equal(await accepted, "{}");
  for (const call of [late, unsent]) {
    const failure = await failureOf(Promise.reject(await call));
    assert.equal(failure.reason, "DRAINING");
    assert.ok(failure.notStarted);
  }
});

test("what is unanswered on a stream that ended well has not started", async (t) => {
  const { session, server } = await pair(t);
  const failing = failureOf(session.call("ping"));
  await server.nextRequest();
  server.end();
  assert.ok((await failing).notStarted);
});

test("what was sent on a stream that was lost may have run", async (t) => {
  const { session, server } = await pair(t, { maxInFlight: 1 });
  const [sent, unsent] = [failureOf(session.call("one")), failureOf(session.call("two"))];
  await server.nextRequest();
  server.fail(status.UNAVAILABLE, "gone");
  assert.equal((await sent).code, status.UNAVAILABLE);
  assert.equal((await sent).reason, "CONNECTION_LOST");
  assert.equal((await sent).execution, Execution.MAYBE);
  assert.ok((await unsent).notStarted);
});

test("a refusal of the service has its reason and an application cannot forge it", async (t) => {
  const { session, server } = await pair(t);
  const failing = [failureOf(session.call("one")), failureOf(session.call("two"))];
  const error = { code: 8n, message: "no", dataJson: '{"retryAfterMs":5}' };
  const genuine = { reason: ErrorReason.RATE_LIMITED, execution: Execution.NOT_STARTED };
  for (const marks of [genuine, {}]) {
    const value = {
      ...{ ...marks, outcome: { case: "error" as const, value: error } },
      id: { value: { case: "integer" as const, value: await server.nextRequest() } },
    };
    server.send({ case: "envelope", value: { message: { case: "response", value } } });
  }
  const [refused, forged] = await Promise.all(failing);
  assert.equal(refused?.reason, "RATE_LIMITED");
  assert.equal(refused.retryAfterMs, 5);
  assert.ok(refused.notStarted);
  assert.equal(forged?.domain, "mcp");
  assert.equal(forged.rpcCode, 8n);
  assert.equal(forged.notStarted, false);
});

/** Pieces of a serialised response. */
function cut(id: bigint, resultJson: string, size: number): Uint8Array[] {
  const bytes = toBinary(EnvelopeSchema, create(EnvelopeSchema, answer(id, resultJson).value));
  const starts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => at * size);
  return starts.map((start) => bytes.subarray(start, start + size));
}

test("an answer in pieces is put together and small ones overtake it", async (t) => {
  const { session, server } = await pair(t);
  const [large, small] = [session.call("one"), session.call("two")];
  const result = `{"a":"${"x".repeat(100)}"}`;
  const [first, ...rest] = cut(await server.nextRequest(), result, 40);
  assert.ok(first);
  server.send({ case: "fragment", value: { fragmentId: 1n, data: first } });
  server.send(answer(await server.nextRequest()));
  assert.equal(await small, "{}");
  rest.forEach((data, at) => {
    const state = at === rest.length - 1 ? FragmentState.LAST : FragmentState.UNSPECIFIED;
    server.send({ case: "fragment", value: { fragmentId: 1n, data, state } });
  });
  assert.equal(await large, result);
});

const BROKEN = {
  "are no envelope": [{ data: Uint8Array.of(255), state: FragmentState.LAST }],
  "do not add up": [{ data: Uint8Array.of(), totalBytes: 2n, state: FragmentState.LAST }],
  "are more than was said": [{ data: Uint8Array.of(1, 2), totalBytes: 1n }],
  "say too large a size": [{ data: Uint8Array.of(), totalBytes: 1n << 40n }],
  "are of too many envelopes": Array.from({ length: 17 }, (_, at) => ({ fragmentId: BigInt(at) })),
};

for (const [what, pieces] of Object.entries(BROKEN)) {
  test(`pieces that ${what} end the session`, async (t) => {
    const { session, server } = await pair(t);
    const failing = failureOf(session.call("ping"));
    await server.nextRequest();
    server.send(...pieces.map((value) => ({ case: "fragment" as const, value })));
    const failure = await failing;
    assert.equal(failure.reason, "INVALID_FRAME");
    assert.equal(failure.execution, Execution.MAYBE);
  });
}

test("items and answers that nobody knows are ignored", async (t) => {
  const { session, server } = await pair(t);
  const calling = session.call("ping");
  const id = await server.nextRequest();
  server.send();
  server.send(undefined, { case: "envelope", value: {} }, answer(99n), answer(id));
  assert.equal(await calling, "{}");
});

test("a server that breaks its promise of keep-alives is given up", async (t) => {
  const { session, server } = await pair(t);
  const failing = failureOf(session.call("ping"));
  await server.nextRequest();
  const keepaliveInterval = { seconds: 0n, nanos: 20_000_000 };
  server.send({ case: "settings", value: { keepaliveInterval } });
  const failure = await failing;
  assert.equal(failure.reason, "STREAM_IDLE");
  assert.equal(failure.code, status.ABORTED);
});

test("what nobody answers is given up a little after its timeout", async (t) => {
  const { session, server } = await pair(t);
  const failing = failureOf(session.call("ping", "{}", { timeoutMs: 100 }));
  await server.nextRequest();
  assert.equal((await failing).code, status.DEADLINE_EXCEEDED);
  const told = await server.next();
  assert.equal(told.case, "envelope");
  assert.equal(told.value.message.case, "notification");
  assert.equal(told.value.message.value.method, "notifications/cancelled");
});

test("the server learns how much time a request has", async (t) => {
  const { session, server } = await pair(t);
  const calling = session.call("ping", "{}", { timeoutMs: 60_000 });
  const item = await server.next();
  assert.equal(item.case, "envelope");
  assert.ok((item.value.timeout?.seconds ?? 0n) >= 1n);
  server.send(answer(1n));
  await calling;
});
