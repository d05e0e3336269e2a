// A job as push channels send it: a large result stays behind, and its address goes in its place.
import { LIMITS } from "@meanwhile/protocol";
import type { Job } from "../job/job.js";
import { jobResourceText } from "./job-resource.js";
import { resultUrl } from "./pushed-event.js";

/** The JSON text of a job. A result above 256 KiB is sent as `result: null` with the member `resultUrl`. */
export function pushedJobText(job: Job, linkBase: string): string {
  const body = job.result?.body;
  if (body === undefined || Buffer.byteLength(body) <= LIMITS.pushedResultBytes)
    return jobResourceText(job, { linkBase });
  const text = jobResourceText({ ...job, result: null }, { linkBase });
  return `${text.slice(0, -1)},"resultUrl":${JSON.stringify(resultUrl(job.id, linkBase))}}`;
}
