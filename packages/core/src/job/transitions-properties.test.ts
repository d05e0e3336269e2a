// What holds of every move, whatever the job and the command are.
import { isLeased, isTerminal, JOB_STATUSES, type JobStatus } from "@meanwhile/protocol";
import { makeJob, BUILT_AT as NOW } from "@meanwhile/store-testkit";
import fc, { type Arbitrary } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Change } from "./change.js";
import type { Job } from "./job.js";
import { jsonPayload } from "./payload.js";
import { type Command, isRefusal, transition } from "./transitions.js";

const instant = fc.constantFrom(NOW - 1_000, NOW - 1, NOW, NOW + 1, NOW + 1_000);
const progress = { fraction: 0.5, message: null, currentStep: null, totalSteps: null };
const maybeProgress = fc.constantFrom({}, { progress });
const leaseToken = fc.constantFrom("held", "held", "held", "lost");
const error = { code: "handler_error", message: "It broke." };

const job: Arbitrary<Job> = fc
  .record({
    status: fc.constantFrom(...JOB_STATUSES),
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    usedAttempts: fc.nat({ max: 3 }),
    cancelRequestedBy: fc.constantFrom(null, "acme"),
    leaseExpiresAt: instant,
    startBy: fc.option(instant),
    completeBy: fc.option(instant),
    startedAt: fc.option(instant),
    undoSteps: fc.constantFrom([], ["reserve"], ["reserve", "charge"]),
    lastSeq: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ status, usedAttempts, leaseExpiresAt, ...given }) =>
    makeJob({
      ...given,
      status,
      attempt: isLeased(status)
        ? Math.min(usedAttempts + 1, given.maxAttempts)
        : Math.min(usedAttempts, given.maxAttempts - 1),
      lease: isLeased(status) ? { token: "held", workerId: "worker-1", expiresAt: leaseExpiresAt } : null,
    }),
  );

const command: Arbitrary<Command> = fc.oneof(
  fc
    .record({ leaseToken, more: maybeProgress })
    .map(({ leaseToken, more }): Command => ({ kind: "complete", leaseToken, result: jsonPayload(1), ...more })),
  fc
    .record({
      leaseToken,
      more: maybeProgress,
      retry: fc.constantFrom("never" as const, { afterMs: 0 }, { afterMs: 500 }),
    })
    .map(({ leaseToken, more, retry }): Command => ({ kind: "fail", leaseToken, error, retry, ...more })),
  fc
    .record({ leaseToken, more: maybeProgress, kind: fc.constantFrom("abortCancelled" as const, "handBack" as const) })
    .map(({ leaseToken, more, kind }): Command => ({ kind, leaseToken, ...more })),
  fc
    .record({ leaseToken, more: maybeProgress, outputs: fc.nat({ max: 2 }) })
    .map(({ leaseToken, more, outputs }): Command => {
      return { kind: "report", leaseToken, outputs: Array.from({ length: outputs }, () => jsonPayload(1)), ...more };
    }),
  leaseToken.map((leaseToken): Command => ({ kind: "finishUndo", leaseToken })),
  fc.constantFrom<Command>(
    { kind: "requestCancel", by: "acme" },
    { kind: "expireLease", retryAfterMs: 0 },
    { kind: "expireLease", retryAfterMs: 500 },
    { kind: "expireStart" },
    { kind: "expireDeadline" },
  ),
);

/** Looks at every change that the table makes of random jobs and commands. */
function forEveryChange(look: (change: Change, job: Job, command: Command) => void): void {
  fc.assert(
    fc.property(job, command, (job, command) => {
      const decision = transition(job, command, NOW);
      if (!isRefusal(decision)) look(decision, job, command);
    }),
    { numRuns: 2_000 },
  );
}

const statusAfter = (change: Change, job: Job): JobStatus => change.patch.status ?? job.status;

describe("every move", () => {
  it("leaves finished jobs alone", () => {
    fc.assert(
      fc.property(job, command, (job, command) => {
        fc.pre(isTerminal(job.status));
        expect(transition(job, command, NOW)).toEqual({ refused: "already_finished" });
      }),
    );
  });

  it("does not touch what it was given", () => {
    fc.assert(
      fc.property(job, command, (job, command) => {
        const before = structuredClone({ job, command });
        transition(job, command, NOW);
        expect({ job, command }).toEqual(before);
      }),
    );
  });

  it("is guarded by the status, and by the lease where a worker commands or a lease ends", () => {
    forEveryChange(({ guard }, job, command) => {
      expect(guard.status).toBe(job.status);
      const needsLease = "leaseToken" in command || command.kind === "expireLease";
      expect(guard.leaseToken).toBe(needsLease ? "held" : undefined);
    });
  });

  it("is guarded against a cancel wish where a job that is not being undone lives on without its lease", () => {
    forEveryChange((change, job) => {
      if (job.status !== "PROCESSING" || statusAfter(change, job) !== "PENDING") return;
      expect(change.guard.cancelRequested).toBe(false);
      expect(job.cancelRequestedBy).toBeNull();
    });
  });

  it("without a lease is guarded by the version that was read, or by the absence of a wish", () => {
    forEveryChange(({ guard }, job) => {
      if (guard.leaseToken !== undefined) return;
      if (guard.lastSeq === undefined) expect(guard.cancelRequested).toBe(false);
      else expect(guard.lastSeq).toBe(job.lastSeq);
    });
  });

  it("gives a lease back exactly when it leaves a leased status", () => {
    forEveryChange((change, job) => {
      const releases = isLeased(job.status) && !isLeased(statusAfter(change, job));
      expect(change.patch.releaseLease).toBe(releases ? true : undefined);
    });
  });

  it("ends a job with its instants, and sets them nowhere else", () => {
    forEveryChange((change, job) => {
      const { patch } = change;
      const ended = isTerminal(statusAfter(change, job));
      expect(patch.completedAt).toBe(ended ? NOW : undefined);
      expect(patch.purgeAt).toBe(ended ? NOW + job.retentionMs : undefined);
      if (ended) expect(patch.readiness).toBeNull();
      expect(patch.result !== undefined).toBe(patch.status === "COMPLETED");
      if (patch.status === "FAILED") expect(patch.error).toBeDefined();
    });
  });

  it("makes a waiting job ready or delayed, as its runAt says", () => {
    forEveryChange(({ patch }) => {
      if (patch.status !== "PENDING" && patch.status !== "ROLLBACK_REQUIRED") return;
      expect(patch.readiness).toBe(patch.runAt! > NOW ? "delayed" : "ready");
    });
  });

  it("says with its last event where it has led, and with every event when", () => {
    forEveryChange((change, job) => {
      if (change.events.length > 0) expect(change.events.at(-1)?.status).toBe(statusAfter(change, job));
      for (const event of change.events) expect(event).toMatchObject({ at: NOW, attempt: job.attempt });
      if (change.patch.status !== undefined) expect(change.events.length).toBeGreaterThan(0);
    });
  });

  it("keeps the count of attempts, but for a hand-back and the beginning of a rollback", () => {
    forEveryChange((change, job, command) => {
      const begins = change.patch.status === "ROLLBACK_REQUIRED" && job.status !== "ROLLBACK_PROCESSING";
      const handsBack = command.kind === "handBack" && !isTerminal(statusAfter(change, job));
      const expected = begins ? 0 : handsBack ? job.attempt - 1 : job.attempt;
      expect(change.patch.attempt ?? job.attempt).toBe(expected);
    });
  });

  it("runs a job again only while attempts are left", () => {
    forEveryChange((change, job) => {
      const begins = change.patch.status === "ROLLBACK_REQUIRED" && job.status !== "ROLLBACK_PROCESSING";
      if (change.patch.status !== "PENDING" && (change.patch.status !== "ROLLBACK_REQUIRED" || begins)) return;
      expect(change.patch.attempt ?? job.attempt).toBeLessThan(job.maxAttempts);
    });
  });

  it("never finishes a job with steps to undo otherwise than by completing it or through its rollback", () => {
    forEveryChange((change, job) => {
      if (job.undoSteps.length === 0 || job.status === "ROLLBACK_PROCESSING") return;
      const after = statusAfter(change, job);
      if (isTerminal(after)) expect(after).toBe("COMPLETED");
    });
  });
});
