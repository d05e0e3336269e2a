// The status table, cell by cell, and what each move takes with it.
import { JOB_STATUSES, type JobStatus, toInstantText } from "@meanwhile/protocol";
import { makeJob, BUILT_AT as NOW } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import type { Change } from "./change.js";
import type { Job } from "./job.js";
import { jsonPayload, readJsonPayload } from "./payload.js";
import { type Command, isRefusal, type Refusal, transition } from "./transitions.js";

const LEASE = { token: "held", workerId: "worker-1", expiresAt: NOW };
const LATER = { ...LEASE, expiresAt: NOW + 1 };
const ERROR = { code: "handler_error", message: "It broke." };
const PROGRESS = { fraction: 0.5, message: "half", currentStep: 1, totalSteps: 2 };
const leaseToken = LEASE.token;

const COMMANDS = {
  complete: { kind: "complete", leaseToken, result: jsonPayload("done") },
  "fail, to be retried": { kind: "fail", leaseToken, error: ERROR, retry: { afterMs: 500 } },
  "fail for good": { kind: "fail", leaseToken, error: ERROR, retry: "never" },
  abortCancelled: { kind: "abortCancelled", leaseToken },
  handBack: { kind: "handBack", leaseToken },
  report: { kind: "report", leaseToken, outputs: [jsonPayload(1)] },
  finishUndo: { kind: "finishUndo", leaseToken },
  requestCancel: { kind: "requestCancel", by: "acme" },
  expireLease: { kind: "expireLease", retryAfterMs: 500 },
  expireStart: { kind: "expireStart" },
  expireDeadline: { kind: "expireDeadline" },
} as const satisfies Record<string, Command>;

type Outcome = JobStatus | Refusal["refused"];
type Unfinished = "PENDING" | "PROCESSING" | "ROLLBACK_REQUIRED" | "ROLLBACK_PROCESSING";

/** What becomes of a job in its first attempt of three, overdue in every way, without a cancel wish. */
const TABLE: Record<keyof typeof COMMANDS, Record<Unfinished, Outcome>> = {
  complete: row("lease_lost", "COMPLETED", "lease_lost", "not_possible"),
  "fail, to be retried": row("lease_lost", "PENDING", "lease_lost", "ROLLBACK_REQUIRED"),
  "fail for good": row("lease_lost", "FAILED", "lease_lost", "FAILED"),
  abortCancelled: row("lease_lost", "not_possible", "lease_lost", "not_possible"),
  handBack: row("lease_lost", "PENDING", "lease_lost", "ROLLBACK_REQUIRED"),
  report: row("lease_lost", "PROCESSING", "lease_lost", "ROLLBACK_PROCESSING"),
  finishUndo: row("lease_lost", "not_possible", "lease_lost", "ROLLBACK_COMPLETED"),
  requestCancel: row("CANCELLED", "PROCESSING", "ROLLBACK_REQUIRED", "ROLLBACK_PROCESSING"),
  expireLease: row("not_due", "PENDING", "not_due", "ROLLBACK_REQUIRED"),
  expireStart: row("FAILED", "not_possible", "not_possible", "not_possible"),
  expireDeadline: row("FAILED", "not_possible", "not_possible", "not_possible"),
};

function row(pending: Outcome, processing: Outcome, required: Outcome, undoing: Outcome): Record<Unfinished, Outcome> {
  return { PENDING: pending, PROCESSING: processing, ROLLBACK_REQUIRED: required, ROLLBACK_PROCESSING: undoing };
}

function jobIn(status: JobStatus, given: Partial<Job> = {}): Job {
  const isLeased = status === "PROCESSING" || status === "ROLLBACK_PROCESSING";
  return makeJob({ status, startBy: NOW, ...(isLeased ? { lease: LEASE } : {}), ...given });
}

function change(job: Job, command: Command, now: number = NOW): Change {
  const decision = transition(job, command, now);
  if (isRefusal(decision)) throw new Error(`${command.kind} was refused: ${decision.refused}.`);
  return decision;
}

const typesOf = ({ events }: Change) => events.map(({ type }) => type);
const lastDataOf = ({ events }: Change) => readJsonPayload(events.at(-1)!.data!);

describe("the status table", () => {
  const cells = Object.entries(TABLE).flatMap(([name, outcomes]) =>
    JOB_STATUSES.map((status) => ({
      name: name as keyof typeof COMMANDS,
      status,
      outcome: (outcomes as Partial<Record<JobStatus, Outcome>>)[status] ?? ("already_finished" as const),
    })),
  );

  it.each(cells)("$name of a $status job: $outcome", ({ name, status, outcome }) => {
    // Only the judgement of the deadline itself is about a job with one; it would change what the others mean.
    const job = jobIn(status, name === "expireDeadline" ? { completeBy: NOW } : {});

    const decision = transition(job, COMMANDS[name], NOW);

    if (isRefusal(decision)) expect(decision.refused).toBe(outcome);
    else expect(decision.patch.status ?? job.status).toBe(outcome);
  });
});

describe("settling an attempt", () => {
  it("a worker whose lease is another's can do nothing", () => {
    for (const command of Object.values(COMMANDS)) {
      if (!("leaseToken" in command)) continue;
      expect(transition(jobIn("PROCESSING"), { ...command, leaseToken: "lost" }, NOW)).toEqual({
        refused: "lease_lost",
      });
    }
  });

  it("completing releases the lease and starts the retention", () => {
    const { guard, patch, events } = change(jobIn("PROCESSING", { retentionMs: 7_000 }), COMMANDS.complete);

    expect(guard).toEqual({ status: "PROCESSING", leaseToken });
    expect(patch).toEqual({
      status: "COMPLETED",
      readiness: null,
      releaseLease: true,
      completedAt: NOW,
      purgeAt: NOW + 7_000,
      result: COMMANDS.complete.result,
    });
    expect(events).toEqual([{ type: "job.completed", status: "COMPLETED", at: NOW, attempt: 1, data: null }]);
  });

  it("the last progress travels with the completion", () => {
    const completed = change(jobIn("PROCESSING"), { ...COMMANDS.complete, progress: PROGRESS });

    expect(typesOf(completed)).toEqual(["job.progress", "job.completed"]);
    expect(completed.patch.progress).toEqual(PROGRESS);
    expect(readJsonPayload(completed.events[0]!.data!)).toEqual({
      progress: 0.5,
      message: "half",
      currentStep: 1,
      totalSteps: 2,
    });
  });

  it("a failure with attempts left waits for its backoff", () => {
    const retried = change(jobIn("PROCESSING", { attempt: 2, maxAttempts: 3 }), COMMANDS["fail, to be retried"]);

    expect(retried.patch).toEqual({ status: "PENDING", readiness: "delayed", runAt: NOW + 500, releaseLease: true });
    expect(typesOf(retried)).toEqual(["job.retrying"]);
    expect(lastDataOf(retried)).toEqual({ attempt: 2, error: ERROR, runAt: toInstantText(NOW + 500) });
  });

  it("a failure to be retried at once is ready at once", () => {
    const retried = change(jobIn("PROCESSING"), { kind: "fail", leaseToken, error: ERROR, retry: { afterMs: 0 } });

    expect(retried.patch).toMatchObject({ status: "PENDING", readiness: "ready", runAt: NOW });
  });

  it("a failure of the last attempt is final", () => {
    const failed = change(jobIn("PROCESSING", { attempt: 3, maxAttempts: 3 }), COMMANDS["fail, to be retried"]);

    expect(failed.patch).toMatchObject({ status: "FAILED", error: ERROR, completedAt: NOW });
    expect(failed.events).toMatchObject([{ type: "job.failed", attempt: 3, data: null }]);
  });

  it("a failure past the deadline is final, and the deadline is why", () => {
    const failed = change(jobIn("PROCESSING", { completeBy: NOW }), COMMANDS["fail, to be retried"]);

    expect(failed.patch).toMatchObject({ status: "FAILED", error: { code: "deadline_exceeded" } });
  });

  it("a job that would live on guards against a cancel wish that came in between", () => {
    for (const name of ["fail, to be retried", "fail for good", "handBack"] as const) {
      const { guard } = change(jobIn("PROCESSING"), COMMANDS[name]);
      expect(guard).toEqual({ status: "PROCESSING", leaseToken, cancelRequested: false });
    }
  });

  it("a hand-back gives the attempt back and is ready at once", () => {
    const back = change(jobIn("PROCESSING", { attempt: 2 }), COMMANDS.handBack);

    expect(back.patch).toMatchObject({
      status: "PENDING",
      readiness: "ready",
      attempt: 1,
      runAt: NOW,
      releaseLease: true,
    });
    expect(back.events).toMatchObject([{ type: "job.retrying", attempt: 2 }]);
  });

  it("a hand-back in the last attempt does not fail the job", () => {
    const back = change(jobIn("PROCESSING", { attempt: 3, maxAttempts: 3 }), COMMANDS.handBack);

    expect(back.patch).toMatchObject({ status: "PENDING", attempt: 2 });
  });

  it("a report keeps status and lease", () => {
    const reported = change(jobIn("PROCESSING"), { ...COMMANDS.report, progress: PROGRESS });

    expect(reported.patch).toEqual({ progress: PROGRESS });
    expect(typesOf(reported)).toEqual(["job.output", "job.progress"]);
  });
});

describe("cancelling", () => {
  const wished = { cancelRequestedBy: "acme" };

  it("a waiting job ends at once, guarded by the version that was read", () => {
    const job = jobIn("PENDING", { lastSeq: 5 });

    const cancelled = change(job, COMMANDS.requestCancel);

    expect(cancelled.guard).toEqual({ status: "PENDING", lastSeq: 5 });
    expect(cancelled.patch).toMatchObject({ status: "CANCELLED", cancelRequestedBy: "acme", readiness: null });
    expect(lastDataOf(cancelled)).toEqual({ by: "acme" });
  });

  it("a running job gets the wish, once", () => {
    const { guard, patch } = change(jobIn("PROCESSING"), COMMANDS.requestCancel);

    expect(guard).toEqual({ status: "PROCESSING", cancelRequested: false });
    expect(patch).toEqual({ cancelRequestedBy: "acme" });
    expect(transition(jobIn("PROCESSING", wished), COMMANDS.requestCancel, NOW)).toEqual({
      refused: "already_requested",
    });
  });

  it.each(["fail, to be retried", "fail for good", "abortCancelled", "handBack", "expireLease"] as const)(
    "%s of a job with a wish cancels it",
    (name) => {
      const cancelled = change(jobIn("PROCESSING", wished), COMMANDS[name]);

      expect(cancelled.patch).toMatchObject({ status: "CANCELLED", releaseLease: true });
      expect(lastDataOf(cancelled)).toEqual({ by: "acme" });
    },
  );

  it("a handler that returned before it saw the wish completes", () => {
    expect(change(jobIn("PROCESSING", wished), COMMANDS.complete).patch.status).toBe("COMPLETED");
  });

  it("a waiting job with steps to undo is rolled back, and it is kept who wanted it", () => {
    const job = jobIn("PENDING", { attempt: 1, startedAt: NOW, undoSteps: ["reserve"] });

    const rollback = change(job, COMMANDS.requestCancel);

    expect(rollback.patch).toMatchObject({ status: "ROLLBACK_REQUIRED", cancelRequestedBy: "acme", attempt: 0 });
    expect(typesOf(rollback)).toEqual(["job.cancel_requested", "job.rollback_required"]);
    expect(readJsonPayload(rollback.events[0]!.data!)).toEqual({ by: "acme" });
  });

  it("an undoing takes note of the wish and goes on", () => {
    const undoing = jobIn("ROLLBACK_PROCESSING", wished);

    expect(transition(undoing, COMMANDS.abortCancelled, NOW)).toEqual({ refused: "not_possible" });
    expect(change(undoing, COMMANDS.handBack).patch.status).toBe("ROLLBACK_REQUIRED");
    expect(change(undoing, COMMANDS["fail, to be retried"]).patch.status).toBe("ROLLBACK_REQUIRED");
  });
});

describe("rolling back", () => {
  const steps = { undoSteps: ["reserve", "charge"] };

  it.each(["fail for good", "expireDeadline", "abortCancelled"] as const)(
    "%s with steps to undo asks for it",
    (name) => {
      const job =
        name === "expireDeadline"
          ? jobIn("PENDING", { ...steps, completeBy: NOW, attempt: 2 })
          : jobIn("PROCESSING", { ...steps, attempt: 2, cancelRequestedBy: name === "abortCancelled" ? "acme" : null });

      const rollback = change(job, COMMANDS[name]);

      expect(rollback.patch).toMatchObject({ status: "ROLLBACK_REQUIRED", readiness: "ready", attempt: 0, runAt: NOW });
      expect(rollback.patch.releaseLease).toBe(job.lease === null ? undefined : true);
      expect(rollback.patch.completedAt).toBeUndefined();
      expect(lastDataOf(rollback)).toEqual({ error: rollback.patch.error, steps: ["reserve", "charge"] });
    },
  );

  it("an undoing that is finished leaves nothing to undo", () => {
    const job = jobIn("ROLLBACK_PROCESSING", { ...steps, error: ERROR });

    const undone = change(job, COMMANDS.finishUndo);

    expect(undone.patch).toMatchObject({ status: "ROLLBACK_COMPLETED", undoSteps: [], completedAt: NOW });
    expect(lastDataOf(undone)).toEqual({ error: ERROR, steps: ["reserve", "charge"] });
  });

  it("an undoing that fails for good says what is left as it was", () => {
    const job = jobIn("ROLLBACK_PROCESSING", { ...steps, attempt: 3, error: ERROR });
    const undoError = { code: "handler_error", message: "It would not be undone." };

    const failed = change(job, { kind: "fail", leaseToken, error: undoError, retry: { afterMs: 500 } });

    expect(failed.patch).toMatchObject({
      status: "FAILED",
      error: { code: "rollback_failed", details: { undo: undoError, cause: ERROR, steps: ["reserve", "charge"] } },
    });
  });

  it("an undoing whose last lease runs out has failed, too", () => {
    const failed = change(jobIn("ROLLBACK_PROCESSING", { ...steps, attempt: 3 }), COMMANDS.expireLease);

    expect(failed.patch).toMatchObject({ status: "FAILED", error: { code: "rollback_failed" } });
  });
});

describe("what the clock decides", () => {
  it("a lease that runs on is not ended", () => {
    expect(transition(jobIn("PROCESSING", { lease: LATER }), COMMANDS.expireLease, NOW)).toEqual({
      refused: "not_due",
    });
  });

  it("ending a lease gives way to a heartbeat that came in between", () => {
    const { guard, patch } = change(jobIn("PROCESSING"), COMMANDS.expireLease);

    expect(guard).toEqual({ status: "PROCESSING", leaseToken, leaseExpiredAt: NOW, cancelRequested: false });
    expect(patch).toEqual({ status: "PENDING", readiness: "delayed", runAt: NOW + 500, releaseLease: true });
  });

  it("a lost lease counts as an attempt: after the last one the job has failed", () => {
    const failed = change(jobIn("PROCESSING", { attempt: 3 }), COMMANDS.expireLease);

    expect(failed.patch).toMatchObject({ status: "FAILED", error: { code: "lease_expired" } });
  });

  it("a lease that is lost past the deadline ends the job with the deadline", () => {
    const failed = change(jobIn("PROCESSING", { completeBy: NOW }), COMMANDS.expireLease);

    expect(failed.patch).toMatchObject({ status: "FAILED", error: { code: "deadline_exceeded" } });
  });

  it("a job expires at its startBy, not before, and not once it has started", () => {
    const expire = (given: Partial<Job>) => transition(jobIn("PENDING", given), COMMANDS.expireStart, NOW);

    expect(expire({ startBy: NOW + 1 })).toEqual({ refused: "not_due" });
    expect(expire({ startBy: null })).toEqual({ refused: "not_due" });
    expect(expire({ startedAt: NOW - 1 })).toEqual({ refused: "not_possible" });
    expect(expire({})).toMatchObject({
      guard: { lastSeq: 1 },
      patch: { status: "FAILED", error: { code: "expired" } },
    });
  });

  it("a waiting job fails at its completeBy, not before", () => {
    const expire = (completeBy: number | null) =>
      transition(jobIn("PENDING", { completeBy }), COMMANDS.expireDeadline, NOW);

    expect(expire(NOW + 1)).toEqual({ refused: "not_due" });
    expect(expire(null)).toEqual({ refused: "not_due" });
    expect(expire(NOW)).toMatchObject({ patch: { status: "FAILED", error: { code: "deadline_exceeded" } } });
  });
});
