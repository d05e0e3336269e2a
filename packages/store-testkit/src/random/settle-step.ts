// What workers do with the jobs they hold, several of them in one commit.
import {
  type Change,
  type Command,
  type CommitResult,
  type Decision,
  isRefusal,
  type JobPatch,
  type JobState,
  jsonPayload,
  type Progress,
  type Store,
  transition,
} from "@meanwhile/core";
import type { Settlement } from "./random-command.js";
import type { Step } from "./step.js";
import type { HeldJob, World } from "./world.js";

export function stepOfSettle(settlements: readonly Settlement[], world: World): Step | undefined {
  const held = settlements.flatMap((settlement) => {
    const job = world.heldJob(settlement.held);
    return job === undefined ? [] : [{ settlement, job }];
  });
  if (held.length === 0) return undefined;
  const { now } = world;
  let played: readonly { job: HeldJob; decision: Decision; result: CommitResult | undefined }[] = [];

  return {
    play: async (store) => {
      const decisions = await decideAll(store, held, now);
      const results = [...(await store.jobs.commit(decisions.filter(isChange)))];
      played = held.map(({ job }, index) => {
        const decision = decisions[index]!;
        return { job, decision, result: isRefusal(decision) ? undefined : results.shift() };
      });
      return played.map(({ decision, result }) => ({ decision, result }));
    },
    learn: () => {
      for (const { job, decision, result } of played) {
        if (result?.outcome === "committed") world.remember(job, reportedBy(decision));
      }
    },
  };
}

/** Decided one after the other, each knowing what its worker has reported in this commit before. */
async function decideAll(
  store: Store,
  held: readonly { settlement: Settlement; job: HeldJob }[],
  now: number,
): Promise<readonly Decision[]> {
  const reported = new Map<HeldJob, Reported>();
  const decisions: Decision[] = [];
  for (const { settlement, job } of held) {
    const seen = settlement.reread ? ((await store.jobs.find(job.id)) ?? job) : job;
    const decision = decide({ ...seen, ...reported.get(job) }, job, settlement, now);
    reported.set(job, { ...reported.get(job), ...reportedBy(decision) });
    decisions.push(decision);
  }
  return decisions;
}

function decide(job: JobState, held: HeldJob, settlement: Settlement, now: number): Decision {
  const { how } = settlement;
  return how === "step" ? completeStep(job, held, now) : transition(job, commandOf({ ...settlement, how }, held), now);
}

type Reported = Pick<JobPatch, "progress" | "undoSteps">;

/** What a worker that lives on keeps in mind; what ended the attempt is nobody's memory. */
function reportedBy(decision: Decision): Reported {
  if (isRefusal(decision) || decision.patch.status !== undefined) return {};
  const { progress, undoSteps } = decision.patch;
  return { ...(progress && { progress }), ...(undoSteps && { undoSteps }) };
}

function commandOf(
  { how, retryAfterMs, withProgress }: Settlement & { how: Exclude<Settlement["how"], "step"> },
  held: HeldJob,
): Command {
  const leaseToken = held.lease.token;
  const progress = withProgress ? { progress: progressOf(held) } : {};
  switch (how) {
    case "complete":
      return { kind: "complete", leaseToken, result: jsonPayload({ doneBy: leaseToken }), ...progress };
    case "fail":
      return { kind: "fail", leaseToken, error: BROKEN, retry: { afterMs: retryAfterMs }, ...progress };
    case "failForGood":
      return { kind: "fail", leaseToken, error: BROKEN, retry: "never", ...progress };
    case "abortCancelled":
    case "handBack":
      return { kind: how, leaseToken, ...progress };
    case "report":
      return { kind: "report", leaseToken, outputs: [jsonPayload(retryAfterMs)], ...progress };
    case "finishUndo":
      return { kind: "finishUndo", leaseToken };
  }
}

export function isChange(decision: Decision): decision is Change {
  return !isRefusal(decision);
}

/** A step that can be undone was completed: the one change that no command of the table makes. */
function completeStep(job: JobState, held: HeldJob, now: number): Decision {
  if (job.lease?.token !== held.lease.token) return { refused: "lease_lost" };
  if (job.status !== "PROCESSING") return { refused: "not_possible" };
  const step = `step-${job.undoSteps.length + 1}`;
  const data = jsonPayload({ step });
  return {
    jobId: job.id,
    guard: { status: job.status, leaseToken: held.lease.token },
    patch: { undoSteps: [...job.undoSteps, step] },
    events: [{ type: "job.step_completed", status: job.status, at: now, attempt: job.attempt, data }],
    at: now,
  };
}

function progressOf(held: HeldJob): Progress {
  const fraction = Math.min(1, (held.progress?.fraction ?? 0) + 0.1);
  return { fraction, message: "on it", currentStep: null, totalSteps: 10 };
}

const BROKEN = { code: "handler_error", message: "It broke." };
