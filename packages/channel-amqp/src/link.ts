// A link to the broker that mends itself: opened, set up, watched, and opened again when anything of it breaks.
//
// 1. One session at a time: a connection with its channels. A fault of any part ends the whole session: exchanges and queues
//    are declared again, and nothing goes on half alive.
// 2. The next session begins after a wait that doubles, with jitter. It is short again once a session has lasted a while: one
//    that breaks at once (a queue that cannot be declared) makes no busy loop.
// 3. A broker that is away is told once, and once when it is back.
import { type Clock, type Logger, publish, type Random } from "@meanwhile/core";
import type { ChannelModel } from "amqplib";
import { endConnection, openConnection } from "./connect.js";
import { type ResolvedAmqpOptions, shownBroker } from "./options.js";

export interface Link<Session> {
  /** `undefined` while there is none. */
  readonly session: Session | undefined;
  /** The broker takes nothing at the moment: it is short of memory or disk. */
  readonly isBlocked: boolean;
  /** Why there is no session; `undefined` where there is one, or none was tried. */
  readonly fault: string | undefined;
  /** Calls `listener` when a session has begun, and when the broker takes messages again. @returns ends the listening. */
  onOpen(listener: () => void): () => void;
  start(): void;
  /** Ends the session for good. May be called twice. */
  close(): Promise<void>;
}

export interface LinkParts<Session> {
  /** What it is for: `events`, `submits`. */
  readonly purpose: string;
  /** Declares and opens what a session needs. @param fail Ends the session. */
  open(connection: ChannelModel, fail: (error: unknown) => void): Promise<Session>;
  /** The session is over: what waits for it waits in vain. */
  ended(session: Session, fault: string): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A session that lasted for so long was a good one. */
const GOOD_SESSION_MS = 10_000;

export function createLink<Session>(parts: LinkParts<Session>, options: ResolvedAmqpOptions): Link<Session> {
  const { purpose, clock, random, logger } = parts;
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let session: Session | undefined;
  let isBlocked = false;
  let fault: string | undefined;
  let isAway = false;
  let running: Promise<void> | undefined;

  const tell = (state: "connected" | "away" | "blocked", reason: string | null): void =>
    publish("meanwhile:broker", () => ({ purpose, state, reason }));

  const opened = (): void => {
    for (const listener of listeners) listener();
  };

  /** @returns whether it lasted. */
  const runSession = async (): Promise<boolean> => {
    const connection = await openConnection(options, `meanwhile ${purpose}`);
    let end!: (reason: unknown) => void;
    const ended = new Promise<unknown>((resolve) => {
      end = resolve;
    });
    const closed = (): void => end(undefined);
    connection.on("error", end);
    connection.on("close", end);
    closing.signal.addEventListener("abort", closed, { once: true });
    if (closing.signal.aborted) closed();
    connection.on("blocked", (reason) => setBlocked(true, reason));
    connection.on("unblocked", () => setBlocked(false));
    try {
      const opening = parts.open(connection, end);
      // What was asked on a connection that breaks may stay without an answer for ever.
      opening.catch(() => {});
      const broken = ended.then((reason) => {
        throw reason ?? new Error("The connection was closed.");
      });
      return await lastOut(await Promise.race([opening, broken]), ended);
    } finally {
      closing.signal.removeEventListener("abort", closed);
      isBlocked = false;
      await endConnection(connection, clock);
    }
  };

  const lastOut = async (made: Session, end: Promise<unknown>): Promise<boolean> => {
    session = made;
    fault = undefined;
    const since = clock.now();
    if (isAway) logger.info({ broker: shownBroker(options.url), purpose }, "the broker is back");
    isAway = false;
    tell("connected", null);
    opened();
    const error = await end;
    fault = describe(error);
    session = undefined;
    parts.ended(made, fault);
    if (!closing.signal.aborted) away();
    return clock.now() - since >= GOOD_SESSION_MS;
  };

  const setBlocked = (blocked: boolean, reason: string | null = null): void => {
    isBlocked = blocked;
    if (blocked) logger.warn({ purpose, reason }, "the broker takes no messages for now; they wait");
    else logger.info({ purpose }, "the broker takes messages again");
    tell(blocked ? "blocked" : "connected", reason);
    if (!blocked && session !== undefined) opened();
  };

  const away = (): void => {
    tell("away", fault ?? null);
    if (isAway) return;
    isAway = true;
    logger.warn(
      { broker: shownBroker(options.url), purpose, reason: fault },
      "the broker is away; what it should be told waits, and it is tried again",
    );
  };

  const run = async (): Promise<void> => {
    let waitMs = options.reconnectMs;
    while (!closing.signal.aborted) {
      try {
        if (await runSession()) waitMs = options.reconnectMs;
      } catch (error) {
        fault = describe(error);
        if (!closing.signal.aborted) away();
      }
      if (closing.signal.aborted) return;
      await pause(clock, waitMs * (0.75 + 0.5 * random()), closing.signal);
      waitMs = Math.min(2 * waitMs, options.reconnectMaxMs);
    }
  };

  return {
    get session() {
      return session;
    },
    get isBlocked() {
      return isBlocked;
    },
    get fault() {
      return fault;
    },
    onOpen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start() {
      running ??= run();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

/** Resolves when the time is up, or the signal fires. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** In one line; errors of sockets that tried several addresses have no message of their own. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(describe).join("; ");
  return error instanceof Error ? error.message : "The connection was closed.";
}
