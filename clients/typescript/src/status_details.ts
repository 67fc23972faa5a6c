// What a failed RPC says about itself in the trailer grpc-status-details-bin: google.rpc.ErrorInfo
// and RetryInfo. It is no general reader of google.rpc, whose schema is not part of this package.

import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";

const MAX_SECONDS = 1_000_000_000n;

/** google.rpc.ErrorInfo, and the delay of a google.rpc.RetryInfo beside it. */
export interface StatusDetails {
  domain: string;
  reason: string;
  metadata: Map<string, string>;
  retryAfterMs?: number;
}

/** Reads a serialised google.rpc.Status; undefined if it is none or holds no ErrorInfo. */
export function readStatusDetails(bytes: Uint8Array): StatusDetails | undefined {
  try {
    const details = new Map(
      all(fieldsOf(bytes), 3).map((any) => {
        const fields = fieldsOf(any);
        return [textOf(fields, 1).split("/").at(-1) ?? "", bytesOf(fields, 2)];
      }),
    );
    const info = details.get("google.rpc.ErrorInfo");
    const retry = details.get("google.rpc.RetryInfo");
    return info && { ...errorInfo(fieldsOf(info)), ...(retry && delay(fieldsOf(retry))) };
  } catch {
    // Trailers that make no sense are a proxy's, and the status stands without them.
    return undefined;
  }
}

/** A duration in milliseconds, as far as a number can say it. */
export function milliseconds(duration: Duration): number {
  const seconds = duration.seconds > MAX_SECONDS ? MAX_SECONDS : duration.seconds;
  return Number(seconds) * 1000 + duration.nanos / 1e6;
}

type Fields = Map<number, Uint8Array[]>;

/** The fields of a message that have a length. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = new Map();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) {
      fields.set(number, [...all(fields, number), reader.bytes()]);
    } else {
      reader.skip(wireType, number);
    }
  }
  return fields;
}

function errorInfo(fields: Fields): StatusDetails {
  const entries = all(fields, 3).map(fieldsOf);
  return {
    reason: textOf(fields, 1),
    domain: textOf(fields, 2),
    metadata: new Map(entries.map((entry) => [textOf(entry, 1), textOf(entry, 2)])),
  };
}

function delay(fields: Fields): { retryAfterMs: number } {
  return { retryAfterMs: milliseconds(fromBinary(DurationSchema, bytesOf(fields, 1))) };
}

function all(fields: Fields, number: number): Uint8Array[] {
  return fields.get(number) ?? [];
}

function bytesOf(fields: Fields, number: number): Uint8Array {
  return all(fields, number).at(-1) ?? new Uint8Array();
}

function textOf(fields: Fields, number: number): string {
  return new TextDecoder().decode(bytesOf(fields, number));
}
