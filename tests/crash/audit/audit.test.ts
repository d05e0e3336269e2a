// The audit can fail: each promise that it looks after, broken once.
import { describe, expect, it } from "vitest";
import { createPromises, type Promises } from "../promises.js";
import { audit } from "./audit.js";
import { auditPush, type Pushed } from "./audit-push.js";
import type { EventFact, Facts, JobFact } from "./facts.js";

const AT = Date.UTC(2026, 0, 15, 12);

describe("audit", () => {
  it("finds nothing wrong with a whole life", () => {
    const { facts, promises } = given();

    expect(audit(facts, promises)).toEqual([]);
  });

  it("finds a missing event", () => {
    const { facts, promises } = given({ events: LIFE.filter(({ seq }) => seq !== 3) });

    expect(audit(facts, promises).join("\n")).toMatch(/a gap or a double at 3: 4 \(I2\)/);
  });

  it("finds a seq that was drawn twice", () => {
    const twice = LIFE.map((event) => (event.seq === 4 ? { ...event, seq: 3 } : event));

    expect(audit(given({ events: twice }).facts, createPromises()).join("\n")).toMatch(/a gap or a double at 4: 3/);
  });

  it("finds an event behind the end", () => {
    const late = event(6, "job.progress", "PROCESSING", 2);
    const { facts, promises } = given({ events: [...LIFE, late], job: { lastSeq: 6 } });

    expect(audit(facts, promises).join("\n")).toMatch(/job\.progress \(6\) after it had ended as COMPLETED \(I6\)/);
  });

  it("finds a second end", () => {
    const again = event(6, "job.failed", "FAILED", 2);
    const { facts, promises } = given({ events: [...LIFE, again], job: { lastSeq: 6 } });

    expect(audit(facts, promises).join("\n")).toMatch(/job\.failed \(6\) after it had ended as COMPLETED/);
  });

  it("finds an end without a start", () => {
    const events = [LIFE[0]!, event(2, "job.completed", "COMPLETED", 0)];
    const { facts, promises } = given({ events, job: { lastSeq: 2, attempt: 0, startedAt: null } });

    expect(audit(facts, promises).join("\n")).toMatch(/job\.completed \(2\) while it was PENDING \(I4\)/);
  });

  it("finds what an earlier attempt wrote into the lease of a later one", () => {
    const events = LIFE.map((each) => (each.type === "job.completed" ? { ...each, attempt: 1 } : each));

    expect(audit(given({ events }).facts, createPromises()).join("\n")).toMatch(
      /job\.completed \(5\) was written by attempt 1 in the lease of attempt 2 \(I4\)/,
    );
  });

  it("finds a row that its events do not tell", () => {
    const faults = audit(given({ job: { status: "FAILED", result: null } }).facts, createPromises()).join("\n");

    expect(faults).toMatch(/status is FAILED, its events say COMPLETED \(I1\)/);
  });

  it("finds attempts that were not counted, and more than are allowed", () => {
    expect(audit(given({ job: { attempt: 1 } }).facts, createPromises()).join("\n")).toMatch(
      /attempt is 1, its events count 2/,
    );
    expect(audit(given({ job: { maxAttempts: 1 } }).facts, createPromises()).join("\n")).toMatch(/2 attempts of 1/);
  });

  it("does not count an attempt that was handed back", () => {
    const events = [
      LIFE[0]!,
      LIFE[1]!,
      { ...LIFE[2]!, data: { error: { code: "handed_back" } } },
      { ...LIFE[3]!, attempt: 1 },
      { ...LIFE[4]!, attempt: 1 },
    ];
    const { facts, promises } = given({ events, job: { attempt: 1, maxAttempts: 1 } });

    expect(audit(facts, promises)).toEqual([]);
  });

  it("finds a job that never ended, and a lease that stayed", () => {
    const { facts, promises } = given({
      events: LIFE.slice(0, 4),
      job: { status: "PROCESSING", lastSeq: 4, completedAt: null, result: null, updatedAt: AT + 4, hasLease: true },
    });

    expect(audit(facts, promises).join("\n")).toMatch(/is still PROCESSING/);
    expect(audit(given({ job: { hasLease: true } }).facts, promises).join("\n")).toMatch(/is COMPLETED with a lease/);
  });

  it("finds a job that was accepted and is lost", () => {
    const { facts, promises } = given();
    promises.accepted.add("another");

    expect(audit(facts, promises)).toEqual(["another was accepted and is lost (I9)."]);
  });

  it("finds a key that made two jobs, and one that the store forgot", () => {
    const { facts, promises } = given();
    promises.keys.set("key-1", new Set(["job-1", "job-2"]));
    promises.keys.set("key-2", new Set(["job-1"]));

    expect(audit(facts, promises)).toEqual([
      "The key key-1 made several jobs: job-1, job-2.",
      "The key key-2 was answered with job-1, and the store has undefined.",
    ]);
  });

  it("finds a cancellation that did not hold", () => {
    const { facts, promises } = given();
    promises.cancelled.add("job-1");
    const failed = given({ job: { status: "FAILED", result: null } });
    failed.promises.cancelRequested.add("job-1");

    expect(audit(facts, promises)).toEqual(["job-1 was answered as cancelled and is COMPLETED (I6)."]);
    expect(audit(failed.facts, failed.promises).join("\n")).toMatch(/The cancelling of job-1 was promised/);
  });

  it("finds an event that a reader was shown and that is another now", () => {
    const { facts, promises } = given();
    promises.seen.push({ jobId: "job-1", seq: 3, type: "job.progress", at: new Date(AT).toISOString() });

    expect(audit(facts, promises)).toEqual([
      "A reader was shown job.progress as job-1:3, and there stands job.retrying (I9).",
    ]);
  });

  it("finds a result that changed after it was shown", () => {
    const { facts, promises } = given();
    promises.finals.set("job-1", 'COMPLETED "other"');

    expect(audit(facts, promises)).toEqual(['job-1 was shown as COMPLETED "other", and is COMPLETED "done" (I6).']);
  });

  it("finds a write under a lease that another held, and one that is not there", () => {
    const { facts, promises } = given();
    const journal = [
      { jobId: "job-1", lastSeq: 5, leaseToken: "stale" },
      { jobId: "job-1", lastSeq: 9, leaseToken: "held" },
    ];

    expect(audit({ ...facts, journal }, promises)).toEqual([
      "job-1:5 was written by the lease stale, while held was held (I4).",
      "A worker was told that job-1:9 was written, and it is not there (I9).",
    ]);
  });

  it("finds two jobs in one turn", () => {
    const other = LIFE.map((each) => ({ ...each, jobId: "job-2", position: each.position + 100 }));
    const interleaved = [...LIFE.slice(0, 3), ...other, ...LIFE.slice(3)];
    const { facts, promises } = given({ job: { concurrencyKey: "turn" } });
    const jobs = [...facts.jobs, { ...facts.jobs[0]!, id: "job-2" }];

    expect(audit({ ...facts, jobs, events: interleaved }, promises)).toContain(
      "job-2 started in the turn of job-1 (acme/turn).",
    );
  });

  it("finds a damaged store, events of nobody, and an answer that nobody expected", () => {
    const { facts, promises } = given();
    promises.surprises.push("GET /x was answered 500: {}");

    expect(audit({ ...facts, integrity: ["row 3 missing"], orphanEvents: 2 }, promises)).toEqual([
      "The store is damaged: row 3 missing",
      "2 events belong to no job (I1).",
      "GET /x was answered 500: {}",
    ]);
  });
});

describe("audit of a push channel", () => {
  const wanted = new Map([["job-1", new Set(["job.submitted", "job.completed"])]]);
  const take = (...seqs: readonly number[]) => seqs.map((seq) => ({ jobId: "job-1", seq, wasAccepted: true }));
  const faultsOf = (arrivals: Pushed["arrivals"]) => auditPush(LIFE, { channel: "webhook", wanted, arrivals });

  it("finds nothing wrong with what came in order, however often", () => {
    expect(faultsOf([{ jobId: "job-1", seq: 1, wasAccepted: false }, ...take(1, 1, 5, 1, 5)])).toEqual([]);
  });

  it("finds what nobody took", () => {
    const refused = { jobId: "job-1", seq: 5, wasAccepted: false };

    expect(faultsOf([...take(1), refused])).toEqual([
      "job-1:5 (job.completed) was never taken by the receiver of its webhook (I7).",
    ]);
  });

  it("finds what overtook another", () => {
    const refused = { jobId: "job-1", seq: 1, wasAccepted: false };

    expect(faultsOf([refused, ...take(5, 1)])).toEqual([
      "A webhook told job-1:5 while 1 had not been taken.",
      "A webhook told job-1:1 for the first time behind 5.",
    ]);
  });

  it("finds what is not in the log", () => {
    expect(faultsOf(take(1, 5, 6))).toEqual(["A webhook told job-1:6, which is not there (I9)."]);
  });
});

/** A job that failed once and completed in its second attempt. */
const LIFE: readonly EventFact[] = [
  event(1, "job.submitted", "PENDING", 0),
  event(2, "job.started", "PROCESSING", 1),
  event(3, "job.retrying", "PENDING", 1, { error: { code: "handler_error" } }),
  event(4, "job.started", "PROCESSING", 2),
  event(5, "job.completed", "COMPLETED", 2),
];

function event(seq: number, type: string, status: string, attempt: number, data: EventFact["data"] = null): EventFact {
  return { position: seq, jobId: "job-1", seq, type, status, at: AT + seq, attempt, data };
}

function given(broken: { job?: Partial<JobFact>; events?: readonly EventFact[] } = {}): {
  facts: Facts;
  promises: Promises;
} {
  const job: JobFact = {
    id: "job-1",
    owner: "acme",
    status: "COMPLETED",
    attempt: 2,
    maxAttempts: 3,
    lastSeq: 5,
    hasLease: false,
    readiness: null,
    cancelRequestedBy: null,
    concurrencyKey: null,
    createdAt: AT + 1,
    startedAt: AT + 2,
    updatedAt: AT + 5,
    completedAt: AT + 5,
    result: '"done"',
    ...broken.job,
  };
  const facts: Facts = {
    integrity: ["ok"],
    jobs: [job],
    events: broken.events ?? LIFE,
    orphanEvents: 0,
    keys: [{ owner: "acme", key: "key-1", jobId: "job-1" }],
    witnessed: [{ jobId: "job-1", lastSeq: 5, leaseToken: "held" }],
    journal: [{ jobId: "job-1", lastSeq: 5, leaseToken: "held" }],
  };
  return { facts, promises: createPromises() };
}
