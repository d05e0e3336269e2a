// What every reader is: a client of one channel that reads a job's events to their end, however often it loses its connection.
import { setTimeout as timer } from "node:timers/promises";
import type { JobEvent } from "@meanwhile/protocol";

/** Where a reader finds the server: each way is a proxy of its own. */
export interface Ways {
  /** `127.0.0.1:<port>` of the HTTP API. */
  readonly http: string;
  /** The same of gRPC. */
  readonly grpc: string;
}

export interface Reading extends Ways {
  readonly jobId: string;
  /** The last `seq` that is known already. */
  readonly after: number;
  /**
   * Called with every event that the client hands out, in its order. Readers drop nothing and sort nothing: what comes twice
   * is noted twice.
   */
  note(event: Seen): void;
  /** Ends the reading: nothing is noted after it. */
  readonly signal: AbortSignal;
}

/** As much of an event as every channel carries. */
export type Seen = Pick<JobEvent, "jobId" | "seq" | "type" | "status" | "at" | "data">;

/**
 * Resolves when its channel has said that nothing more will come, or when it was aborted.
 *
 * @throws Error where the channel refuses to go on although it should.
 */
export type Reader = (reading: Reading) => Promise<void>;

/** Between two attempts of a client that brings no pause of its own. Ends early, and quietly, with the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, { signal });
  } catch {
    // Aborted: whoever waits looks at the signal.
  }
}

/** Resolves with the signal; at once where it has fired. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
