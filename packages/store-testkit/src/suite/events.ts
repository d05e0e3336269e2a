// The log: gapless per job, in commit order as a whole.
import { AppError, jsonPayload, toJobEvent } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId, makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claim, claimOne, NOW, settle, submit, submitAll } from "./moves.js";
import { readWholeLog } from "./walk.js";

export function describeEvents(given: Given): void {
  describe("events of one job", () => {
    it("are read after a seq, in order, up to the limit", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const outputs = [1, 2, 3, 4].map((value) => jsonPayload(value));
      await settle(given.store, running, { kind: "report", leaseToken: running.lease.token, outputs });

      const seqs = async (after: number, limit: number) =>
        (await given.store.events.read(running.id, { after, limit })).map(({ seq }) => seq);

      expect(await seqs(0, 100)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await seqs(0, 2)).toEqual([1, 2]);
      expect(await seqs(2, 3)).toEqual([3, 4, 5]);
      expect(await seqs(6, 10)).toEqual([]);
      expect(await seqs(99, 10)).toEqual([]);
    });

    it("are none for a job that does not exist", async () => {
      expect(await given.store.events.read(makeId(), { after: 0, limit: 10 })).toEqual([]);
    });

    it("stay gapless when changes come from all sides at once", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const held = [{ jobId: running.id, leaseToken: running.lease.token }];

      await Promise.all([
        ...Array.from({ length: 10 }, (_, index) =>
          settle(given.store, running, {
            kind: "report",
            leaseToken: running.lease.token,
            outputs: [jsonPayload(index), jsonPayload(index)],
          }),
        ),
        settle(given.store, running, { kind: "requestCancel", by: "acme" }),
        given.store.jobs.extendLeases(held, { byMs: 60_000, now: NOW }),
      ]);

      const seqs = (await given.store.events.read(running.id, { after: 0, limit: 100 })).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: 23 }, (_, index) => index + 1));
    });

    it("have their highest seq told for many jobs at once", async () => {
      const [first, second] = await submitAll(given.store, [{}, {}]);
      await claimOne(given.store);

      const lastSeqs = await given.store.events.lastSeqs([first!.id, makeId(), second!.id]);

      expect(Object.fromEntries(lastSeqs)).toEqual({ [first!.id]: 2, [second!.id]: 1 });
      expect((await given.store.events.lastSeqs([])).size).toBe(0);
    });
  });

  describe("the whole log", () => {
    it("is empty at first, and its end is a place to start from", async () => {
      const end = await given.store.events.logEnd();
      const empty = await given.store.events.readLog({ after: null, limit: 10 });
      const job = await submit(given.store);

      const { events } = await given.store.events.readLog({ after: end, limit: 10 });

      expect(empty).toEqual({ events: [], position: null, purged: [] });
      expect(events.map(({ jobId, seq }) => [jobId, seq])).toEqual([[job.id, 1]]);
    });

    it("has every event of every job, in the order of the commits", async () => {
      const [a, b] = await submitAll(given.store, [{}, {}]);
      const [runningA, runningB] = await claim(given.store);
      await settle(given.store, runningB!, {
        kind: "complete",
        leaseToken: runningB!.lease.token,
        result: jsonPayload(1),
      });
      await settle(given.store, runningA!, { kind: "requestCancel", by: "acme" });

      const log = await readWholeLog(given.store);

      expect(log.map(({ jobId, seq, type }) => [jobId, seq, type])).toEqual([
        [a!.id, 1, "job.submitted"],
        [b!.id, 1, "job.submitted"],
        [a!.id, 2, "job.started"],
        [b!.id, 2, "job.started"],
        [b!.id, 3, "job.completed"],
        [a!.id, 3, "job.cancel_requested"],
      ]);
    });

    it("has the same events that each job's own reading has", async () => {
      const job = await submit(given.store);
      await claimOne(given.store);

      const log = (await readWholeLog(given.store)).map(({ position, owner, subject, ...event }) => event);

      expect(log).toEqual(await given.store.events.read(job.id, { after: 0, limit: 10 }));
    });

    it("says with each event whose it is, and what its row says about it", async () => {
      const job = await submit(given.store, { type: "report", owner: "acme", priority: 7 });
      const running = await claimOne(given.store, { types: ["report"] });
      await settle(given.store, running, {
        kind: "complete",
        leaseToken: running.lease.token,
        result: jsonPayload({ pages: 3 }),
      });
      const { type, priority, createdAt, rerunOf } = job;

      const log = await readWholeLog(given.store);

      expect(log.map(({ owner }) => owner)).toEqual(["acme", "acme", "acme"]);
      const subject = { type, priority, createdAt, rerunOf, result: null, error: null };
      expect(log[0]?.subject).toEqual(subject);
      expect(log[2]?.subject).toEqual({ ...subject, result: jsonPayload({ pages: 3 }) });
      expect(toJobEvent(log[2]!, log[2]!.subject).data).toEqual({ result: { pages: 3 } });
    });

    it("has positions that sort as text, however many there are", async () => {
      await given.store.jobs.insert([Array.from({ length: 120 }, () => makeNewJob())]);

      const positions = (await readWholeLog(given.store)).map(({ position }) => position);

      expect([...positions].sort()).toEqual(positions);
      expect(positions.at(-1)).toBe(await given.store.events.logEnd());
    });

    it("reads on from every position without a gap or a double", async () => {
      await given.store.jobs.insert([Array.from({ length: 9 }, () => makeNewJob()), [makeNewJob()]]);
      const log = await readWholeLog(given.store);

      for (const limit of [1, 3, 10]) expect(await readWholeLog(given.store, { limit })).toEqual(log);
      for (const [index, { position }] of log.entries()) {
        expect(await readWholeLog(given.store, { after: position })).toEqual(log.slice(index + 1));
      }
    });

    it("answers with the position that was asked where there is nothing new", async () => {
      await submit(given.store);
      const { position } = await given.store.events.readLog({ after: null, limit: 10 });

      expect(await given.store.events.readLog({ after: position, limit: 10 })).toEqual({
        events: [],
        position,
        purged: [],
      });
    });

    it("ends where the end is told to be", async () => {
      await submitAll(given.store, [{}, {}]);

      const end = await given.store.events.logEnd();

      expect((await given.store.events.readLog({ after: end, limit: 10 })).events).toEqual([]);
    });

    it("refuses a position that it never gave", async () => {
      const refusal = await given.store.events
        .readLog({ after: "nonsense", limit: 10 })
        .catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(AppError);
      expect(refusal).toMatchObject({ code: "invalid_request" });
    });
  });
}
