// What CONNECT settles: the version, the heart-beats, and whose credential it carries.
import { AppError } from "@meanwhile/core";
import { type Frame, STOMP_VERSIONS, type StompVersion } from "./frame.js";

/** How often this server can send a sign of life, and wants to hear one, in milliseconds. */
export const OWN_BEATS_MS = 10_000;

export interface Beats {
  /** How often we send one; 0: never. */
  readonly sendEveryMs: number;
  /** How often the client sends one; 0: never. */
  readonly hearEveryMs: number;
}

/**
 * The highest version that both speak; without `accept-version`, 1.0.
 *
 * @returns `undefined` where there is none.
 */
export function negotiateVersion({ headers }: Frame): StompVersion | undefined {
  const accepted = (headers.get("accept-version") ?? "1.0").split(",").map((text) => text.trim());
  return STOMP_VERSIONS.findLast((version) => accepted.includes(version));
}

/** @throws AppError `invalid_request` for a header that cannot be read. */
export function negotiateBeats({ headers }: Frame, version: StompVersion): Beats {
  const text = headers.get("heart-beat");
  if (text === undefined || version === "1.0") return { sendEveryMs: 0, hearEveryMs: 0 };
  const [, canSend, wants] = /^(\d{1,9}),(\d{1,9})$/.exec(text.replaceAll(" ", "")) ?? [];
  if (canSend === undefined || wants === undefined) {
    const message = `heart-beat must be two numbers of milliseconds such as "10000,10000"; got ${JSON.stringify(text.slice(0, 40))}.`;
    throw new AppError("invalid_request", { message });
  }
  return { sendEveryMs: agreed(Number(wants)), hearEveryMs: agreed(Number(canSend)) };
}

function agreed(theirs: number): number {
  return theirs === 0 ? 0 : Math.max(theirs, OWN_BEATS_MS);
}

export type Credential =
  | { readonly kind: "authorization"; readonly value: string }
  | { readonly kind: "ticket"; readonly value: string };

/**
 * @param isKnown Whether the connection has somebody's credential already: then only one that is meant counts, and not
 *   the `passcode` that many clients send by habit.
 */
export function credentialOf({ headers }: Frame, { isKnown }: { isKnown: boolean }): Credential | undefined {
  const authorization = headers.get("Authorization") ?? headers.get("authorization");
  if (authorization !== undefined) return { kind: "authorization", value: authorization };
  const ticket = headers.get("ticket");
  if (ticket !== undefined) return { kind: "ticket", value: ticket };
  const passcode = isKnown ? undefined : headers.get("passcode");
  return passcode === undefined ? undefined : { kind: "authorization", value: `Bearer ${passcode}` };
}
