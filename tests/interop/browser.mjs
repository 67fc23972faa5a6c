// One headless page that does what each line of standard input says; it judges nothing.
//
// First line:  {"packages", "executable", "rules", "page"}
// Other lines: {"fetch": [url, init]} or {"socket": [url, text]}
// Each is answered by a line of JSON: {}, {"status", "headers", "text"}, {"text"} or {"error"}.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const WAIT_MS = 20_000;

const fetched = async ([url, init]) => {
  try {
    const answer = await fetch(url, init);
    const headers = Object.fromEntries(answer.headers);
    return { status: answer.status, headers, text: await answer.text() };
  } catch (error) {
    return { error: String(error) };
  }
};

const spoken = ([url, message]) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(message);
    socket.onmessage = (event) => {
      resolve({ text: event.data });
      socket.close();
    };
    socket.onclose = (event) => resolve({ error: `closed ${event.code}` });
  });

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const work = JSON.parse((await lines.next()).value);
const { chromium } = createRequire(`${work.packages}/`)("playwright-core");
const browser = await chromium.launch({
  executablePath: work.executable,
  args: ["--no-sandbox", `--host-resolver-rules=${work.rules}`],
  timeout: WAIT_MS,
});
try {
  const page = await browser.newPage();
  await page.goto(work.page, { timeout: WAIT_MS });
  say({});
  for await (const line of lines) {
    const step = JSON.parse(line);
    const [act, argument] = step.fetch ? [fetched, step.fetch] : [spoken, step.socket];
    say(await page.evaluate(act, argument));
  }
} finally {
  await browser.close();
}
