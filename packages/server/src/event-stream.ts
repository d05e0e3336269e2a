// Requests for an event stream: which ones are, where they continue, and how an answer is handed to the channel.
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { AppError } from "@meanwhile/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "./context.js";

export const EVENT_STREAM = "text/event-stream";

/** Whether the caller would rather have a stream than JSON: where it names both alike, the stream. */
export function prefersEventStream({ headers }: FastifyRequest): boolean {
  const { accept } = headers;
  if (accept === undefined) return false;
  const stream = qualityOf(accept, EVENT_STREAM);
  return stream > 0 && stream >= qualityOf(accept, "application/json");
}

/** Whether a stream would do; for what is nothing else, `*` is as good as its name. */
export function acceptsEventStream({ headers }: FastifyRequest): boolean {
  const { accept } = headers;
  if (accept === undefined) return true;
  return [EVENT_STREAM, "text/*", "*/*"].some((range) => qualityOf(accept, range) > 0);
}

/** How much a media range is wanted that the header names exactly; 0 where it does not. */
function qualityOf(accept: string, range: string): number {
  for (const part of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (name !== range) continue;
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  }
  return 0;
}

/** `Last-Event-ID`: what the reader has last seen, told by itself when it comes back. Empty is none. */
export function lastEventId({ headers }: FastifyRequest): string | undefined {
  const value = headers["last-event-id"];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** @param where The header or the parameter that held it. */
export function unreadableCursor(value: string, where: string): AppError {
  const shown = value.length > 60 ? `text of ${value.length} characters` : JSON.stringify(value);
  return new AppError("invalid_request", {
    message: `The ${where} must be the id of an event of this stream, got ${shown}.`,
  });
}

/** The answer for a channel to write. `reply.hijack()` must follow, unless it is refused instead. */
export function outside(
  { options }: ServerContext,
  reply: FastifyReply,
  vary: string,
): { response: ServerResponse; headers: OutgoingHttpHeaders } {
  const origin = options.allowedOrigins.size > 0 ? ", Origin" : "";
  // What Fastify's hooks would have added. It types every header as text or number; those that Node knows as text only are not among them.
  const headers = { ...reply.getHeaders(), vary: vary + origin } as OutgoingHttpHeaders;
  return { response: reply.raw, headers };
}
