// A tour of the client: `node dist/examples/tour.js 127.0.0.1:50051`. It needs a tool `add` and shows
// what else the server has. It is no tool for daily use: that is the command `mcpgrpc`.

import { McpClient } from "@mcpgrpc/client";

const client = new McpClient(process.argv[2] ?? "127.0.0.1:50051", { plaintext: true });

const discovered = await client.discovery.discover({});
if (discovered.result.case === "complete") {
  console.log("versions:", discovered.result.value.supportedVersions.join(", "));
}

for await (const tool of client.eachTool()) console.log("tool:", tool.name);
for await (const resource of client.eachResource()) console.log("resource:", resource.uri);

const call = { name: "add", argumentsJson: '{"a": 1, "b": 2}' };
for await (const { event } of client.tools.watchTool({ call }, { timeoutMs: 10_000 })) {
  if (event.case === "progress") console.log("progress:", event.value.progress);
  if (event.case === "result" && event.value.result.case === "complete") {
    console.log("add:", event.value.result.value.content[0]?.block.value);
  }
}

const session = await client.openSession();
const sums = [1, 2, 3].map((a) =>
  session.call("tools/call", JSON.stringify({ name: "add", arguments: { a, b: a } })),
);
for (const sum of await Promise.all(sums)) {
  console.log("on a session:", JSON.parse(sum).content[0].text);
}
await session.close();
client.close();
