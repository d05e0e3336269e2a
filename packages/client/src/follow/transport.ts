// What a transport is: one way to read a job's events from a cursor on, until it ends or no longer works.
import type { JobEvent } from "@meanwhile/protocol";
import type { HttpClient } from "../http/http-client.js";
import type { FollowTimes } from "../options.js";

/** From the most immediate to the one that works everywhere. */
export const TRANSPORTS = ["websocket", "sse", "long-polling", "polling"] as const;

export type TransportName = (typeof TRANSPORTS)[number];

export interface Reading {
  readonly jobId: string;
  /** Last `seq` already seen. */
  readonly after: number;
  readonly signal: AbortSignal;
  readonly http: HttpClient;
  readonly times: Readonly<Required<FollowTimes>>;
  /** Whether a better transport should be tried now: readers that ask in rounds end then. */
  hasBetter(): boolean;
  /** Called at every sign of life. */
  alive(): void;
  /** The server says when those come back whom it sends away in good order: within this time, in milliseconds. */
  comeBackWithin(ms: number): void;
}

/**
 * Yields events behind `after`. It need not be careful: what comes twice is dropped, and what is missing is noticed, by
 * who follows.
 *
 * @returns `ended` where the job has no more events; `again` where reading goes on elsewhere or in a new connection.
 * @throws TransportFault where this way fails; ProblemError where the job cannot be read at all.
 */
export type Transport = (reading: Reading) => AsyncGenerator<JobEvent, "ended" | "again">;

/**
 * `unsupported`: the server, or what stands in front of it, does not know this way. `silent`: answered, and then nothing.
 * `mute`: no answer at all. `cut`: it broke. `gap`: events were missing. `away`: there is no server now, by whatever way.
 */
export type FaultKind = "unsupported" | "silent" | "mute" | "cut" | "gap" | "away";

export class TransportFault extends Error {
  readonly kind: FaultKind;
  /** How long the server asks to stay away. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: FaultKind, reason: string, options: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(reason, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}
