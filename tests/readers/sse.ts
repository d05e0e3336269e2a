// Server-sent events by `eventsource`, the client that behaves as browsers do: one job, or everything that happens.
import { isTerminal, JOB_EVENT_TYPES, type JobEvent } from "@meanwhile/protocol";
import { EventSource } from "eventsource";
import type { Reader, Reading } from "./reader.js";

/** It comes back by itself with `Last-Event-ID`, until the server says 204. */
export const readBySse: Reader = (reading) => {
  const { http, jobId, after } = reading;
  return listen(`http://${http}/api/v2/jobs/${jobId}/events${after === 0 ? "" : `?after=${after}`}`, reading, {
    over: ({ code }) => code === 204,
    isLast: () => false,
  });
};

/**
 * The stream of all jobs has no end: it is left after the job's last event.
 *
 * @param options.from The position behind which it begins. Default: now.
 * @param options.opened Called once the server has answered: what happens from then on must come.
 */
export const readByBroadcast =
  ({ from, opened }: { from?: string; opened?: () => void } = {}): Reader =>
  (reading) =>
    listen(`http://${reading.http}/api/v2/events${from === undefined ? "" : `?after=${from}`}`, reading, {
      ...(opened === undefined ? {} : { opened }),
      over: () => false,
      isLast: ({ status }) => isTerminal(status),
    });

/** For a reader that begins before the job is there; nobody else may submit any. */
export const ANY_JOB = "any";

interface Stream {
  opened?(): void;
  /** Whether this is how the server says that there is nothing more. */
  over(end: { code?: number | undefined }): boolean;
  isLast(event: JobEvent): boolean;
}

function listen(url: string, { jobId, note, signal }: Reading, { opened, over, isLast }: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url);
    const end = (fault?: Error) => {
      source.close();
      if (fault === undefined) resolve();
      else reject(fault);
    };
    signal.addEventListener("abort", () => end(), { once: true });
    if (opened !== undefined) source.addEventListener("open", opened, { once: true });
    for (const type of JOB_EVENT_TYPES) {
      source.addEventListener(type, ({ data }) => {
        const event = JSON.parse(data) as JobEvent;
        if (signal.aborted || (jobId !== ANY_JOB && event.jobId !== jobId)) return;
        note(event);
        if (isLast(event)) end();
      });
    }
    source.addEventListener("reset", ({ data }) =>
      end(new Error(`The stream was reset, and events are missing: ${data}`)),
    );
    source.addEventListener("error", ({ code, message }) => {
      // It is trying again by itself.
      if (source.readyState !== source.CLOSED) return;
      end(over({ code }) ? undefined : new Error(`EventSource gave up (${code}): ${message}`));
    });
  });
}
