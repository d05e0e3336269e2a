// Fairness between the owners of one type and priority: nobody's jobs wait for all of somebody else's.
import { type ClaimedJob, type Job, jsonPayload, type Store } from "@meanwhile/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claim, claimOne, decide, idsOf, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

/** Far more than what a claim takes, and still a moment to store. */
const MANY = 1_000;

const BROKEN = { code: "handler_error", message: "It broke." };

export function describeFairness(given: Given): void {
  describe("fairness between owners", () => {
    it("one owner's many jobs do not starve another owner's ten", async () => {
      await submitMany(given.store, MANY, { owner: "many" });
      await submitMany(given.store, 10, { owner: "few" });

      const claimed = await claim(given.store, { limit: 21 });

      expect(ownersOf(claimed).filter((owner) => owner === "few")).toHaveLength(10);
    });

    it("holds while the many are being claimed, and for each owner who comes", async () => {
      await submitMany(given.store, MANY, { owner: "many" });
      await claim(given.store, { limit: 300 });
      await submitMany(given.store, 5, { owner: "second" });
      await claim(given.store, { limit: 4 });
      await submitMany(given.store, 5, { owner: "third" });

      const claimed = ownersOf(await claim(given.store, { limit: 15 }));

      // One of the second's five went with the four before.
      expect(claimed.filter((owner) => owner === "second")).toHaveLength(4);
      expect(claimed.filter((owner) => owner === "third")).toHaveLength(5);
    });

    it("takes turns between owners, and keeps each one's order", async () => {
      const a = await submitMany(given.store, 4, { owner: "a" });
      const b = await submitMany(given.store, 3, { owner: "b" });
      const c = await submitMany(given.store, 1, { owner: "c" });

      const claimed = await claim(given.store, { limit: 20 });

      expect(claimed.map(({ owner }) => owner).slice(0, 1)).toEqual(["a"]); // it was alone when its first came
      for (const own of [a, b, c])
        expect(idsOf(claimed.filter(({ owner }) => owner === own[0]!.owner))).toEqual(idsOf(own));
      expect(longestRun(ownersOf(claimed).slice(0, 7))).toBeLessThanOrEqual(2);
    });

    it("holds inside one batch too, whatever the order of its jobs", async () => {
      const owners = [..."aaaaaabbbccc"];
      await given.store.jobs.insert([owners.map((owner) => makeNewJob({ owner }))]);

      const claimed = ownersOf(await claim(given.store, { limit: 20 }));

      expect(claimed.join("")).toBe("abcabcabcaaa");
    });

    it("priority goes before fairness", async () => {
      await submitMany(given.store, 20, { owner: "many", priority: 1 });
      await submitMany(given.store, 2, { owner: "few", priority: 0 });
      await submitMany(given.store, 2, { owner: "few", priority: 2 });

      const claimed = await claim(given.store, { limit: 30 });

      const priorities = claimed.map(({ priority }) => priority);
      expect(priorities).toEqual([...priorities].sort((a, b) => b - a));
    });

    it("an owner's jobs of one type do not count against those of another type or priority", async () => {
      await submitMany(given.store, 50, { owner: "a", type: "letter" });
      await submitMany(given.store, 50, { owner: "a", priority: 3 });
      await submitMany(given.store, 3, { owner: "a" });
      await submitMany(given.store, 3, { owner: "b" });
      await claim(given.store, { limit: 50 });

      const claimed = await claim(given.store, { limit: 5 });

      expect(ownersOf(claimed).filter((owner) => owner === "b")).toHaveLength(2);
    });

    it("who had much before is not punished for it when all of it is over", async () => {
      await submitMany(given.store, 200, { owner: "heavy" });
      await claim(given.store, { limit: 200 });
      await submitMany(given.store, 5, { owner: "heavy" });
      await submitMany(given.store, 50, { owner: "light" });

      const claimed = await claim(given.store, { limit: 11 });

      expect(ownersOf(claimed).filter((owner) => owner === "heavy")).toHaveLength(5);
    });

    it("what an owner withdrew is not held against what it submits then", async () => {
      const withdrawn = await submitMany(given.store, 100, { owner: "a" });
      await submitMany(given.store, 100, { owner: "b" });
      await given.store.jobs.commit(withdrawn.map((job) => decide(job, { kind: "requestCancel", by: "a" })));
      await submitMany(given.store, 5, { owner: "a" });

      const claimed = await claim(given.store, { limit: 12 });

      expect(ownersOf(claimed).filter((owner) => owner === "a")).toHaveLength(5);
    });

    it("a delayed job draws its place when it becomes ready, not when it was submitted", async () => {
      const delayed = await submit(given.store, { owner: "a", runAt: NOW + SECOND });
      await submitMany(given.store, 10, { owner: "a" });
      await submitMany(given.store, 2, { owner: "b" });
      await given.store.jobs.makeReady({ limit: 10, now: NOW + SECOND });

      const claimed = await claim(given.store, { limit: 20 });

      expect(claimed.at(-1)!.id).toBe(delayed.id);
    });

    it("many delayed jobs that fall due together do not starve another owner's", async () => {
      await submitMany(given.store, 100, { owner: "many", runAt: NOW + 1 });
      await submitMany(given.store, 5, { owner: "few", runAt: NOW + 2 });
      await given.store.jobs.makeReady({ limit: 200, now: NOW + SECOND });

      const claimed = await claim(given.store, { limit: 10 });

      expect(ownersOf(claimed).filter((owner) => owner === "few")).toHaveLength(5);
    });

    it("a job that is tried again stands behind its owner's others, and before what others have too much of", async () => {
      await submitMany(given.store, 3, { owner: "a" });
      await submitMany(given.store, 50, { owner: "b" });
      const first = await claimOne(given.store);
      await settle(given.store, first, {
        kind: "fail",
        leaseToken: first.lease.token,
        error: BROKEN,
        retry: { afterMs: 0 },
      });

      const claimed = await claim(given.store, { limit: 8 });

      const ofA = claimed.filter(({ owner }) => owner === "a");
      expect(ofA).toHaveLength(3);
      expect(ofA.at(-1)!.id).toBe(first.id);
    });

    it("a job that is handed back goes back to where it came from", async () => {
      const jobs = await submitMany(given.store, 100, { owner: "a" });
      const taken = await claim(given.store, { limit: 10 });
      await submitMany(given.store, 10, { owner: "b" });
      await given.store.jobs.commit(
        taken.map((job) => decide(job, { kind: "handBack", leaseToken: job.lease.token }, NOW + SECOND)),
      );

      const claimed = await claim(given.store, { limit: 16 });

      expect(idsOf(claimed.slice(0, 10))).toEqual(idsOf(jobs.slice(0, 10)));
      expect(ownersOf(claimed.slice(10)).filter((owner) => owner === "b")).toHaveLength(2);
    });

    it("a job that was stored with its first lease draws a place when it is handed back", async () => {
      await submitMany(given.store, 50, { owner: "a" });
      const lease = { token: "at-birth", workerId: "w", expiresAt: NOW + 30 * SECOND };
      const born = await submit(given.store, { owner: "b" }, { lease });
      await settle(given.store, born, { kind: "handBack", leaseToken: lease.token });

      expect(await given.store.jobs.countAhead(born.id, { limit: 100 })).toBeLessThanOrEqual(2);
    });

    it("who gets the turn of a concurrencyKey draws a place with it", async () => {
      const [first, second] = await submitAll(given.store, [
        { owner: "a", concurrencyKey: "k" },
        { owner: "a", concurrencyKey: "k" },
      ]);
      await submitMany(given.store, 50, { owner: "b" });
      const running = await claimOne(given.store);

      await settle(given.store, running, {
        kind: "complete",
        leaseToken: running.lease.token,
        result: jsonPayload(null),
      });

      expect(running.id).toBe(first!.id);
      expect(await given.store.jobs.countAhead(second!.id, { limit: 100 })).toBeLessThanOrEqual(2);
    });

    it("a job that must be rolled back draws a place for its undoing", async () => {
      await submit(given.store, { owner: "a", undoSteps: ["reserve"] });
      const running = await claimOne(given.store);
      await submitMany(given.store, 50, { owner: "b" });

      await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: BROKEN,
        retry: "never",
      });

      expect(await given.store.jobs.countAhead(running.id, { limit: 100 })).toBeLessThanOrEqual(2);
    });

    it("serves owners that both have jobs alike, whatever is submitted and claimed in between", {
      timeout: 60_000,
    }, async () => {
      // Each run on a type of its own, in one store: opening one takes longer than the run.
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 40 }), (moves) =>
          checkService(given.store, moves, `run-${++runs}`),
        ),
        { numRuns: 25 },
      );
    });
  });
}

const OWNERS = ["a", "b", "c"] as const;

type Move = { kind: "submit"; owner: string; count: number } | { kind: "claim"; limit: number; end: End };
type End = "complete" | "retry" | "handBack";

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant("submit" as const),
    owner: fc.constantFrom(...OWNERS),
    count: fc.constantFrom(1, 2, 7, 20),
  }),
  fc.record({
    kind: fc.constant("claim" as const),
    limit: fc.constantFrom(1, 2, 5, 13),
    end: fc.constantFrom<End>("complete", "complete", "complete", "retry", "handBack"),
  }),
);

/**
 * As long as two owners both have ready jobs, one is never served two jobs more than the other. A job that was handed back
 * counts when it is claimed first: then it was its turn.
 */
async function checkService(store: Store, moves: readonly Move[], type: string): Promise<void> {
  const waiting = new Map<string, number>(OWNERS.map((owner) => [owner, 0]));
  const wait = (owner: string, by: number) => waiting.set(owner, waiting.get(owner)! + by);
  const handedBack = new Set<string>();
  /** Per pair, by how much the first was served more, at each moment since both have jobs. */
  const leads = new Map<string, number[]>();
  for (const each of moves) {
    if (each.kind === "submit") {
      await store.jobs.insert([
        Array.from({ length: each.count }, () => makeNewJob({ type, owner: each.owner, maxAttempts: 1_000 })),
      ]);
      wait(each.owner, each.count);
      continue;
    }
    const claimed = await claim(store, { types: [type], limit: each.limit });
    for (const { id, owner } of claimed) {
      const isServed = !handedBack.delete(id);
      for (const [first, second] of PAIRS) {
        const name = `${first} ${second}`;
        if (waiting.get(first) === 0 || waiting.get(second) === 0) continue;
        const line = leads.get(name) ?? [0];
        leads.set(name, line);
        if (isServed) line.push(line.at(-1)! + (owner === first ? 1 : 0) - (owner === second ? 1 : 0));
        expect(Math.max(...line) - Math.min(...line), `${name}: ${line.join()}`).toBeLessThanOrEqual(2);
      }
      wait(owner, -1);
      if (waiting.get(owner) === 0) for (const pair of PAIRS) if (pair.includes(owner)) leads.delete(pair.join(" "));
    }
    if (each.end === "handBack") for (const { id } of claimed) handedBack.add(id);
    await store.jobs.commit(claimed.map((job) => decide(job, commandOf(job, each.end))));
    if (each.end !== "complete") for (const { owner } of claimed) wait(owner, 1);
  }
}

const PAIRS: readonly (readonly [string, string])[] = [
  ["a", "b"],
  ["a", "c"],
  ["b", "c"],
];

function commandOf({ lease }: ClaimedJob, end: End) {
  const leaseToken = lease.token;
  switch (end) {
    case "complete":
      return { kind: "complete", leaseToken, result: jsonPayload(null) } as const;
    case "retry":
      return { kind: "fail", leaseToken, error: BROKEN, retry: { afterMs: 0 } } as const;
    case "handBack":
      return { kind: "handBack", leaseToken } as const;
  }
}

/** One batch of jobs that are alike. */
async function submitMany(store: Store, count: number, job: Partial<Job>): Promise<readonly Job[]> {
  const group = Array.from({ length: count }, () => makeNewJob(job));
  await store.jobs.insert([group]);
  return group.map((item) => item.job);
}

const ownersOf = (jobs: readonly ClaimedJob[]): readonly string[] => jobs.map(({ owner }) => owner);

function longestRun(owners: readonly string[]): number {
  let longest = 0;
  let run = 0;
  for (const [index, owner] of owners.entries()) {
    run = owner === owners[index - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
