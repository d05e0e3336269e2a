// Tickets: what browsers put into an address where they cannot send a header (EventSource, WebSocket).
//
// 1. A ticket reads, and nothing else: the events of one job, or the stream of all that its issuer may see.
// 2. It is a signed statement; nothing about it is stored. All processes of a store sign with the same secret.
// 3. It dies with the credential that issued it, and at its own end at the latest.
import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError, type Clock, type IdSource, type Principal } from "@meanwhile/core";
import { type LiveCredentials, OPEN_SERVER } from "./live-credentials.js";

export type TicketScope = { readonly jobId: string } | "stream";

export interface Tickets {
  /** @param options.ttlMs The ticket ends earlier where the credential does. */
  issue(options: { principal: Principal; scope: TicketScope; ttlMs: number }): Promise<IssuedTicket>;
  /**
   * The principal of a ticket for this job; without a job, of a ticket for the stream.
   *
   * @throws AppError `unauthenticated` where it cannot be read, has ended, or its credential has; `forbidden` where it
   *   is for something else; `store_unavailable`.
   */
  redeem(ticket: string, wanted: { jobId?: string }): Promise<Principal>;
  /** What a ticket is for, for channels that serve more than one thing on a connection. @throws AppError as `redeem` does. */
  open(ticket: string): Promise<{ principal: Principal; scope: TicketScope }>;
}

export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: number;
}

export const TICKET_TTL_MS = { min: 1_000, max: 86_400_000, default: 900_000 } as const;

/** Where the secret that signs tickets is kept. Its name there is `tickets`. */
export interface TicketSecrets {
  /** Stores the candidate where the name is new. @returns what is stored. */
  ensure(name: string, candidate: string): Promise<string>;
}

export interface TicketsOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly secrets: TicketSecrets;
  readonly credentials: Pick<LiveCredentials, "isAlive">;
}

/** What a ticket may do, of what its issuer may. */
const READING = ["jobs:read", "jobs:logs", "jobs:admin"];
const READING_BY_DEFAULT = ["jobs:read", "jobs:logs"];
/** So that it is recognised where it should not be, in a log or a commit. */
const PREFIX = "mwt_";
/** The fields of an owner and a name have bounds of their own; what is longer was made by nobody here. */
const LONGEST = 8_192;

/** Short names: it travels in an address. */
interface Statement {
  /** The job; absent for the stream. */
  readonly j?: string;
  readonly o: string;
  readonly n: string;
  readonly s: readonly string[];
  /** The credential that issued it. */
  readonly c: string | null;
  /** When the ticket ends: with the credential at the latest. */
  readonly e: number;
}

export function createTickets({ clock, ids, secrets, credentials }: TicketsOptions): Tickets {
  let known: Promise<string> | undefined;
  const secret = (): Promise<string> => {
    known ??= secrets.ensure("tickets", ids.token() + ids.token()).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };

  const open = async (ticket: string): Promise<{ principal: Principal; scope: TicketScope }> => {
    const statement = readStatement(ticket, await secret());
    if (statement === undefined) throw notValid();
    const { o: owner, n: name, s: scopes, c: credentialId, e: expiresAt } = statement;
    // It ends with the ticket: who finds an old address in a history gets nothing by it, and keeps nothing open.
    const principal: Principal = { owner, name, scopes, credentialId, expiresAt };
    if (!(await credentials.isAlive(principal))) throw notValid();
    return { principal, scope: statement.j === undefined ? "stream" : { jobId: statement.j } };
  };

  return {
    async issue({ principal, scope, ttlMs }) {
      const { owner, name, scopes, credentialId } = principal;
      const expiresAt = Math.min(clock.now() + ttlMs, principal.expiresAt ?? Number.POSITIVE_INFINITY);
      const statement: Statement = {
        ...(scope === "stream" ? {} : { j: scope.jobId }),
        o: owner,
        n: name,
        s: scopes === null ? READING_BY_DEFAULT : scopes.filter((each) => READING.includes(each)),
        c: credentialId ?? (principal.expiresAt === null ? OPEN_SERVER : null),
        e: expiresAt,
      };
      const body = Buffer.from(JSON.stringify(statement)).toString("base64url");
      return { ticket: `${PREFIX}${body}.${signatureOf(body, await secret()).toString("base64url")}`, expiresAt };
    },
    open,
    async redeem(ticket, { jobId }) {
      const { principal, scope } = await open(ticket);
      if (scope === "stream" ? jobId === undefined : scope.jobId === jobId) return principal;
      throw new AppError("forbidden", {
        message: `The ticket is for ${scope === "stream" ? "the stream of all jobs" : "another job"}, not for this.`,
      });
    },
  };
}

function readStatement(ticket: string, secret: string): Statement | undefined {
  const [, body = "", signature = ""] =
    ticket.length > LONGEST ? [] : (/^mwt_([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/.exec(ticket) ?? []);
  if (body === "") return undefined;
  if (!timingSafeEqual(signatureOf(body, secret), Buffer.from(signature, "base64url"))) return undefined;
  // It is our own: nobody else can sign.
  return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Statement;
}

/** The purpose is signed along: a signature made here for anything else must not pass as a ticket. */
function signatureOf(body: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(`ticket:${body}`).digest();
}

function notValid(): AppError {
  return new AppError("unauthenticated", {
    message:
      "The ticket is not valid: unreadable, expired, or the credential that issued it has ended. Ask for a new one.",
    details: { presented: true },
  });
}

/** Where nothing is stored, tickets hold as long as this process lives. */
export function secretsOfThisProcess(): TicketSecrets {
  const kept = new Map<string, string>();
  return {
    async ensure(name, candidate) {
      if (!kept.has(name)) kept.set(name, candidate);
      return kept.get(name) ?? candidate;
    },
  };
}
