// An HTTP server that takes deliveries of webhooks: verifies them, tells of them, and hands them on where that is asked for.
import { createServer, type IncomingMessage, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { verifyWebhook, WebhookVerificationError } from "@meanwhile/client";
import type { WebhookBody } from "@meanwhile/protocol";

export interface TakenDelivery {
  readonly id: string;
  readonly body: WebhookBody;
  /** The status that the other receiver answered with, or why it did not; `undefined` where nothing is handed on. */
  readonly forwarded: string | undefined;
  /** It has come before: the sender repeats what was not answered with 2xx. */
  readonly isDouble: boolean;
}

export interface WebhookListenerOptions {
  secret: string;
  forward: string | undefined;
  taken(delivery: TakenDelivery): void;
  refused(error: unknown): void;
}

/** What the standard signs, and what says how to read it: everything else belongs to the connection. */
const FORWARDED_HEADERS = [
  "content-type",
  "user-agent",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "traceparent",
];

export function createWebhookListener(options: WebhookListenerOptions): Server {
  const seen = new Set<string>();
  return createServer(async (request, response) => {
    const status = await take(request, options, seen);
    response.writeHead(status).end();
  });
}

async function take(
  request: IncomingMessage,
  { secret, forward, taken, refused }: WebhookListenerOptions,
  seen: Set<string>,
): Promise<number> {
  try {
    const bytes = await buffer(request);
    const body = await verifyWebhook({ headers: request.headers, body: bytes }, secret);
    const id = String(request.headers["webhook-id"]);
    const isDouble = seen.has(id);
    seen.add(id);
    const answer = forward === undefined ? undefined : await handOn(forward, { request, bytes });
    taken({ id, body, forwarded: answer?.text, isDouble });
    return answer?.status ?? 204;
  } catch (error) {
    refused(error);
    return error instanceof WebhookVerificationError ? 400 : 500;
  }
}

async function handOn(
  url: string,
  { request, bytes }: { request: IncomingMessage; bytes: Buffer },
): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = {};
  for (const name of FORWARDED_HEADERS) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  try {
    const { status } = await fetch(url, { method: "POST", headers, body: new Uint8Array(bytes), redirect: "manual" });
    return { status, text: String(status) };
  } catch (error) {
    // As the sender would see it: somebody who is not there now, and may be later.
    const { cause } = error as { cause?: unknown };
    return { status: 502, text: cause instanceof Error ? cause.message : String(error) };
  }
}
