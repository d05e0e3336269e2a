// Where a client may SUBSCRIBE: one job, every job, or the answers to its own submits.
import { AppError } from "@meanwhile/core";
import type { Frame } from "./frame.js";

export type Destination =
  /** `after`: the last seq already seen. */
  | { readonly kind: "job"; readonly jobId: string; readonly after: number }
  /** `after`: the position that was seen last; without it, from now on. */
  | { readonly kind: "all"; readonly after: string | undefined }
  | { readonly kind: "answers" };

export const ANSWERS = "/user/queue/jobs";
export const ALL_JOBS = "/topic/jobs";

/** @throws AppError `invalid_request` naming what there is. */
export function readDestination({ headers }: Frame): Destination {
  const destination = headers.get("destination");
  const after = headers.get("after");
  if (destination === ANSWERS) return { kind: "answers" };
  if (destination === ALL_JOBS) return { kind: "all", after };
  const jobId = destination?.startsWith(`${ALL_JOBS}/`) ? destination.slice(ALL_JOBS.length + 1) : "";
  if (jobId !== "") return { kind: "job", jobId, after: readSeq(after) };
  throw new AppError("invalid_request", {
    message: `SUBSCRIBE goes to ${ALL_JOBS}/{id}, ${ALL_JOBS} or ${ANSWERS}; the destination was ${shown(destination)}.`,
  });
}

function readSeq(after: string | undefined): number {
  if (after === undefined) return 0;
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new AppError("invalid_request", {
    message: `The header after must be the last seq that you have, such as 7; got ${shown(after)}.`,
  });
}

function shown(text: string | undefined): string {
  return text === undefined ? "nothing" : JSON.stringify(text.slice(0, 100));
}
