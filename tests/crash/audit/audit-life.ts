// The audit of one job: its events tell one possible life (I2, I4, I6), and its row is that life told at once (I1).
import type { EventFact, JobFact } from "./facts.js";

const TERMINAL = new Set(["COMPLETED", "FAILED", "CANCELLED"]);

/** By event: the statuses it may follow, and the status it leads to (`same`: leaves it alone). */
const MOVES: Readonly<Record<string, { after: readonly string[]; to: readonly string[] }>> = {
  "job.started": { after: ["PENDING"], to: ["PROCESSING"] },
  "job.progress": { after: ["PROCESSING"], to: ["PROCESSING"] },
  "job.output": { after: ["PROCESSING"], to: ["PROCESSING"] },
  "job.cancel_requested": { after: ["PROCESSING"], to: ["PROCESSING"] },
  "job.retrying": { after: ["PROCESSING"], to: ["PENDING"] },
  "job.completed": { after: ["PROCESSING"], to: ["COMPLETED"] },
  "job.failed": { after: ["PROCESSING", "PENDING"], to: ["FAILED"] },
  "job.cancelled": { after: ["PROCESSING", "PENDING"], to: ["CANCELLED"] },
};

export function auditLife(job: JobFact, events: readonly EventFact[]): readonly string[] {
  const faults = [...auditOrder(job, events), ...auditMoves(job, events), ...auditRow(job, events)];
  return faults.map((fault) => `${job.id}: ${fault}`);
}

function auditOrder(job: JobFact, events: readonly EventFact[]): readonly string[] {
  const faults: string[] = [];
  for (const [index, { seq }] of events.entries()) {
    if (seq !== index + 1) {
      faults.push(`its events have a gap or a double at ${index + 1}: ${seq} (I2)`);
      break;
    }
  }
  if (events.length !== job.lastSeq) faults.push(`${events.length} events, but lastSeq is ${job.lastSeq} (I2)`);
  if (events[0]?.type !== "job.submitted") faults.push(`begins with ${events[0]?.type ?? "nothing"} (I1)`);
  return faults;
}

function auditMoves(job: JobFact, events: readonly EventFact[]): readonly string[] {
  const faults: string[] = [];
  let status = "PENDING";
  /** The attempt that holds the lease, or the one that held it last. */
  let attempt = 0;
  let counted = 0;
  for (const { seq, type, status: to, attempt: by, data } of events.slice(1)) {
    const move = MOVES[type];
    const at = `${type} (${seq})`;
    if (move === undefined) faults.push(`${at} is no event of these jobs`);
    else if (TERMINAL.has(status)) faults.push(`${at} after it had ended as ${status} (I6)`);
    else if (!move.after.includes(status)) faults.push(`${at} while it was ${status} (I4)`);
    else if (!move.to.includes(to)) faults.push(`${at} led to ${to}`);
    if (type === "job.started") {
      if (by !== counted + 1) faults.push(`attempt ${by} started after ${counted} were counted`);
      attempt = by;
      counted = by;
    } else if (status === "PROCESSING" && by !== attempt) {
      faults.push(`${at} was written by attempt ${by} in the lease of attempt ${attempt} (I4)`);
    }
    if (type === "job.retrying" && codeOf(data) === "handed_back") counted = by - 1;
    status = to;
  }
  if (counted > job.maxAttempts) faults.push(`${counted} attempts of ${job.maxAttempts}`);
  if (job.attempt !== counted) faults.push(`attempt is ${job.attempt}, its events count ${counted} (I1)`);
  return faults;
}

function auditRow(job: JobFact, events: readonly EventFact[]): readonly string[] {
  const faults: string[] = [];
  const last = events.at(-1);
  const wish = events.find(({ type }) => type === "job.cancel_requested" || type === "job.cancelled");
  const claims: readonly (readonly [string, unknown, unknown])[] = [
    ["status", job.status, last?.status],
    ["updatedAt", job.updatedAt, last?.at],
    ["createdAt", job.createdAt, events[0]?.at],
    ["startedAt", job.startedAt, events.find(({ type }) => type === "job.started")?.at ?? null],
    ["completedAt", job.completedAt, TERMINAL.has(job.status) ? last?.at : null],
    ["cancelRequestedBy", job.cancelRequestedBy, wish?.data?.by ?? null],
  ];
  for (const [name, row, log] of claims) {
    if (row !== log) faults.push(`${name} is ${String(row)}, its events say ${String(log)} (I1)`);
  }
  if (!TERMINAL.has(job.status)) faults.push(`is still ${job.status}`);
  if (job.hasLease !== (job.status === "PROCESSING"))
    faults.push(`is ${job.status} with${job.hasLease ? "" : "out"} a lease`);
  if (job.readiness !== null && job.status !== "PENDING") faults.push(`is ${job.status} and ${job.readiness}`);
  if ((job.result !== null) !== (job.status === "COMPLETED"))
    faults.push(`is ${job.status} and its result is ${job.result}`);
  return faults;
}

function codeOf(data: EventFact["data"]): unknown {
  return (data?.error as { code?: unknown } | undefined)?.code;
}
