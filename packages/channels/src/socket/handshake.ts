// Before a connection is one: may this page connect at all, who is calling, which protocol is spoken.
import type { IncomingMessage } from "node:http";
import { AppError } from "@meanwhile/core";
import type { SocketAccess } from "./dialect.js";
import type { SocketParts } from "./parts.js";

export const JSON_PROTOCOL = "meanwhile.v2";

export const STOMP_PROTOCOLS: ReadonlySet<string> = new Set(["v12.stomp", "v11.stomp", "v10.stomp"]);

/** The first offer that is known, in the caller's own order; `false` for none. */
export function chooseProtocol(offers: ReadonlySet<string>): string | false {
  for (const offer of offers) if (offer === JSON_PROTOCOL || STOMP_PROTOCOLS.has(offer)) return offer;
  return false;
}

/**
 * @returns who is calling; `undefined` where the first message has to say it.
 * @throws AppError `shutting_down`, `forbidden`, `unauthenticated`.
 */
export async function admitCaller(request: IncomingMessage, parts: SocketParts): Promise<SocketAccess | undefined> {
  if (parts.isDraining()) {
    throw new AppError("shutting_down", { message: "The server is shutting down. Try again in a moment." });
  }
  await parts.admit(request);
  const { authorization } = request.headers;
  if (authorization !== undefined) return { principal: await parts.authenticate(authorization) };
  const ticket = ticketOf(request);
  if (ticket !== undefined) return parts.redeemTicket(ticket);
  return findOpenAccess(parts);
}

/** A server without credentials asks for none. */
async function findOpenAccess(parts: SocketParts): Promise<SocketAccess | undefined> {
  try {
    return { principal: await parts.authenticate(undefined) };
  } catch (error) {
    if (error instanceof AppError && error.code === "unauthenticated") return undefined;
    throw error;
  }
}

function ticketOf({ url = "" }: IncomingMessage): string | undefined {
  const query = url.indexOf("?");
  return query < 0 ? undefined : (new URLSearchParams(url.slice(query + 1)).get("ticket") ?? undefined);
}
