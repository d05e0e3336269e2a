// Points at which metrics, traces and tests may listen: `node:diagnostics_channel`, free while nobody does.
import { type Channel, channel } from "node:diagnostics_channel";

/** What is published at each point. Durations are in milliseconds. */
export interface InstrumentPoints {
  /** A job was stored durably. `durationMs`: from the call to the commit. */
  "meanwhile:submit": { jobId: string; type: string; owner: string; replayed: boolean; durationMs: number };
  /** A claim came back. `count`: jobs that it leased. */
  "meanwhile:claim": { workerId: string; count: number; durationMs: number };
  /** A handler was called. `waitedMs`: since the job was due. */
  "meanwhile:start": { jobId: string; type: string; attempt: number; waitedMs: number };
  /** An attempt's outcome was stored. `ranMs`: of the handler; `settleMs`: of writing the outcome. */
  "meanwhile:settle": {
    jobId: string;
    type: string;
    attempt: number;
    outcome: string;
    ranMs: number;
    settleMs: number;
  };
  /** A delivery was sent, or stopped before it was; `status` is what it became. `statusCode`: of the answer, where there was one. */
  "meanwhile:delivery": {
    deliveryId: string;
    channel: string;
    eventType: string;
    status: string;
    attempt: number;
    statusCode: number | null;
    durationMs: number;
  };
  /** A connection to the message broker was opened, lost, or is held back. `purpose`: `events` or `submits`. */
  "meanwhile:broker": { purpose: string; state: "connected" | "away" | "blocked"; reason: string | null };
  /**
   * A message of the submit queue was settled: its job is `accepted`; it was `refused`, `unreadable`, or delivered too often
   * (`poison`); or it was `returned` to the queue.
   */
  "meanwhile:queue-submit": {
    outcome: "accepted" | "refused" | "unreadable" | "poison" | "returned";
    durationMs: number;
  };
  /** A standing endpoint was disabled by meanwhile itself. */
  "meanwhile:endpoint-disabled": { endpointId: string; owner: string; url: string; reason: string };
  /** An attempt lost its lease; its outcome is thrown away (invariant I4). */
  "meanwhile:lease-lost": { jobId: string; type: string; attempt: number; ranMs: number };
}

export type InstrumentPoint = keyof InstrumentPoints;

const channels = new Map<InstrumentPoint, Channel<unknown, unknown>>();

function channelOf(point: InstrumentPoint): Channel<unknown, unknown> {
  let found = channels.get(point);
  if (found === undefined) {
    found = channel(point);
    channels.set(point, found);
  }
  return found;
}

/** @param facts Made only where somebody listens. */
export function publish<P extends InstrumentPoint>(point: P, facts: () => InstrumentPoints[P]): void {
  const target = channelOf(point);
  if (target.hasSubscribers) target.publish(facts());
}

/** @returns ends the listening. */
export function subscribe<P extends InstrumentPoint>(
  point: P,
  listener: (facts: InstrumentPoints[P]) => void,
): () => void {
  const receive = (message: unknown) => listener(message as InstrumentPoints[P]);
  const target = channelOf(point);
  target.subscribe(receive);
  return () => {
    target.unsubscribe(receive);
  };
}
