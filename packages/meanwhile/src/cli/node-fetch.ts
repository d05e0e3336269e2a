// `fetch` on node:http, for the client. Not the global one: that of Node 20 never settles where a peer closes the
// connection as soon as it is made, which is what a server that is being restarted does. (Goes with Node 20.)
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import type { FetchFunction } from "@meanwhile/client";

/** Answers that never have a body: `Response` refuses to be given one. */
const BODILESS = new Set([204, 205, 304]);

/** Takes bodies that are text; more is not sent by the commands. */
export const nodeFetch: FetchFunction = (url, { method = "GET", headers, body, signal }) => {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { method, headers: headers as Record<string, string>, ...(signal ? { signal } : {}) };
    const outgoing = send(url, options, (incoming) => resolve(toResponse(incoming)));
    outgoing.on("error", reject);
    outgoing.end(typeof body === "string" ? body : undefined);
  });
};

function toResponse(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 0;
  const pairs = Object.entries(incoming.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
  if (!BODILESS.has(status)) {
    return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers: pairs });
  }
  incoming.resume();
  return new Response(null, { status, headers: pairs });
}
