// The golden vectors of the binding: decoded, encoded again and compared. What they are stands in
// proto/vectors/README.md; their JSON-RPC text is a codec's business, and this package has none.

import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import {
  createRegistry,
  type DescMessage,
  equals,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";

import * as schema from "../src/index.js";
import { environment } from "./live.js";

interface Vector {
  name: string;
  message?: string;
  envelope?: JsonValue;
  json?: JsonValue;
  hex?: string;
  reading_only?: boolean;
  frames?: { frame: JsonValue; hex: string }[];
}

const registry = createRegistry(...Object.values<unknown>(schema).filter(isMessage));
const folder = environment("MCPGRPC_VECTORS");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

function isMessage(value: unknown): value is DescMessage {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "message";
}

function schemaOf(name: string): DescMessage {
  const found = registry.getMessage(name);
  assert.ok(found, `the package has no ${name}`);
  return found;
}

function compare(desc: DescMessage, json: JsonValue, hex: string, readingOnly: boolean): void {
  const decoded = fromBinary(desc, Uint8Array.from(Buffer.from(hex, "hex")), {
    readUnknownFields: false,
  });
  const read = fromJson(desc, json, { registry });
  assert.ok(equals(desc, decoded, read), "the bytes and the ProtoJSON differ");
  assert.ok(equals(desc, fromJson(desc, toJson(desc, decoded)), read), "ProtoJSON is not written");
  if (readingOnly) return;
  for (const message of [decoded, read]) {
    assert.equal(Buffer.from(toBinary(desc, message)).toString("hex"), hex);
  }
}

/** Whether the vector had anything to compare. */
function check(vector: Vector): boolean {
  if (vector.frames) {
    for (const { frame, hex } of vector.frames) {
      compare(schemaOf(vector.message ?? ""), frame, hex, vector.reading_only ?? false);
    }
    return true;
  }
  const json = vector.envelope ?? vector.json;
  if (json === undefined || vector.hex === undefined) return false;
  compare(schemaOf(vector.message ?? "mcpgrpc.v1.Envelope"), json, vector.hex, false);
  return true;
}

test("there are vectors", () => assert.ok(files.length > 8));

for (const file of files) {
  test(`every vector of ${file} is decoded, encoded again and the same`, () => {
    const { vectors } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      vectors: Vector[];
    };
    const compared = vectors.filter((vector) => {
      try {
        return check(vector);
      } catch (cause) {
        throw new Error(`${file}, ${vector.name}`, { cause });
      }
    });
    const report = process.env["MCPGRPC_REPORT"];
    if (report) appendFileSync(report, `${file} ${compared.length}\n`);
  });
}
