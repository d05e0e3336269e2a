// Which changes of a batch are plain completions, and their rows: nearly all that a worker settles is nothing else.
import type { Change, JobPatch } from "@meanwhile/core";
import { bodyOf, payloadFormat } from "./rows.js";
import type { CompleteJobs } from "./statements/complete-jobs.js";

/** All that a plain completion writes. */
const WRITTEN: ReadonlySet<string> = new Set<keyof JobPatch>([
  "status",
  "readiness",
  "releaseLease",
  "completedAt",
  "purgeAt",
  "result",
]);

/** Of a change that the statements for leased jobs may carry out at all. */
export function isPlainCompletion({ guard, patch, events, at }: Change): boolean {
  const event = events[0];
  return (
    events.length === 1 &&
    event!.type === "job.completed" &&
    event!.data === null &&
    event!.at === at &&
    event!.status === "COMPLETED" &&
    patch.status === "COMPLETED" &&
    patch.readiness === null &&
    patch.releaseLease === true &&
    patch.completedAt === at &&
    patch.purgeAt !== undefined &&
    patch.result !== undefined &&
    guard.status === "PROCESSING" &&
    guard.cancelRequested === undefined &&
    writesNothingElse(patch)
  );
}

export function toCompletion(number: number, { guard, patch, events, at }: Change): CompleteJobs {
  const result = patch.result!;
  const [text, bytes] = bodyOf(result);
  return [number, guard.leaseToken!, events[0]!.attempt, at, patch.purgeAt!, payloadFormat(result), text, bytes];
}

function writesNothingElse(patch: JobPatch): boolean {
  for (const name in patch) if (!WRITTEN.has(name) && patch[name as keyof JobPatch] !== undefined) return false;
  return true;
}
