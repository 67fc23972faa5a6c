// What people paste and run first: the README's example and the tour.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { environment } from "./live.js";

const run = promisify(execFile);
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

test("the example of the README compiles and prints what it promises", async (t) => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const example = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1];
  assert.ok(example);
  // Below the package, where its own name leads to it.
  const folder = mkdtempSync(join(root, "dist", "readme-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const pasted = join(folder, "example.ts");
  writeFileSync(pasted, example.replace("127.0.0.1:50051", environment("MCPGRPC_ADDRESS")));
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["--strict", "--target", "es2022", "--module", "node16", "--types", "node"];
  await run(process.execPath, [compiler, ...options, pasted], { cwd: root });
  const { stdout, stderr } = await run(process.execPath, [join(folder, "example.js")]);
  assert.match(stdout, /text: '3'/);
  assert.equal(stderr, "");
});

test("the tour goes to its end", async () => {
  const tour = join(root, "dist", "examples", "tour.js");
  const { stdout, stderr } = await run(process.execPath, [tour, environment("MCPGRPC_ADDRESS")]);
  assert.match(stdout, /^tool: extra_24$/m);
  assert.match(stdout, /^on a session: 6$/m);
  assert.equal(stderr, "");
});
