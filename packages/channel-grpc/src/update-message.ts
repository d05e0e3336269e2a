// An event of a job as the message that a watch sends.
import { resultUrl } from "@meanwhile/core";
import type { JobError, JobEvent } from "@meanwhile/protocol";
import { errorMessage, present, resultBytes } from "./job-message.js";
import type { JobUpdate } from "./messages.js";

export type UpdateWriter = (event: JobEvent) => JobUpdate;

/**
 * @param linkBase Put before the link to a large result: empty for an absolute path, or the address of the HTTP server.
 */
export function createUpdateWriter(linkBase: string): UpdateWriter {
  // Readers at the end of the same log are handed the same event objects: each is written once, however many watch it.
  const written = new WeakMap<JobEvent, JobUpdate>();
  return (event) => {
    const known = written.get(event);
    if (known !== undefined) return known;
    const update = writeUpdate(event, linkBase);
    written.set(event, update);
    return update;
  };
}

function writeUpdate(event: JobEvent, linkBase: string): JobUpdate {
  const { error, progress, message } = event.data as Partial<{
    error: JobError | null;
    progress: number;
    message: string;
  }>;
  return present({
    job_id: event.jobId,
    seq: event.seq,
    type: event.type,
    status: event.status,
    progress: event.type === "job.completed" ? 1 : progress,
    message,
    at: event.at,
    error: error === undefined || error === null ? undefined : errorMessage(error),
    attempt: event.attempt,
    ...dataOf(event, linkBase),
  });
}

function dataOf(event: JobEvent, linkBase: string): { data_json: string; result?: Uint8Array } {
  if (event.type !== "job.completed") return { data_json: JSON.stringify(event.data) };
  const json = JSON.stringify((event.data as JobEvent<"job.completed">["data"]).result) ?? "null";
  const result = resultBytes(json);
  if (result === undefined) {
    return { data_json: JSON.stringify({ result: null, resultUrl: resultUrl(event.jobId, linkBase) }) };
  }
  return { data_json: `{"result":${json}}`, result };
}
