// Listings as async iterators over all their pages. They ask only as far as they are iterated, and
// keep nothing.

import { status } from "@grpc/grpc-js";

import { McpError } from "./errors.js";
import type { OtherResult } from "./generated/mcpgrpc/v1/result_pb.js";

interface Page {
  nextCursor?: string | undefined;
}

interface Answer<P extends Page> {
  result:
    | { case: "complete"; value: P }
    | { case: "other"; value: OtherResult }
    | { case: undefined; value?: undefined };
}

/** Yields the items of every page; throws an McpError where there is no page, or it repeats. */
export async function* pages<P extends Page, Item>(
  fetch: (cursor: { cursor?: string }) => Promise<Answer<P>>,
  itemsOf: (page: P) => Item[],
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = complete(await fetch(cursor === undefined ? {} : { cursor }));
    yield* itemsOf(page);
    if (cursor !== undefined && page.nextCursor === cursor) {
      throw broken(`the listing gave the cursor ${JSON.stringify(cursor)} twice`);
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

function complete<P extends Page>({ result }: Answer<P>): P {
  if (result.case === "complete") return result.value;
  const type = result.case === "other" ? result.value.resultType : "";
  throw broken(`the listing was answered with a result of type ${JSON.stringify(type)}`);
}

function broken(message: string): McpError {
  return new McpError({ code: status.INTERNAL, message });
}
