// A job as the answers of this channel carry it: a large result stays behind, as with events.
import { type Job, jobResourceText, resultUrl } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";

/** The JSON text of the job; a result above 256 KiB is `null`, with the member `resultUrl`. */
export function pushedJobText(job: Job, linkBase: string): string {
  const body = job.result?.body;
  if (body === undefined || Buffer.byteLength(body) <= LIMITS.pushedResultBytes)
    return jobResourceText(job, { linkBase });
  const text = jobResourceText({ ...job, result: null }, { linkBase });
  return `${text.slice(0, -1)},"resultUrl":${JSON.stringify(resultUrl(job.id, linkBase))}}`;
}
