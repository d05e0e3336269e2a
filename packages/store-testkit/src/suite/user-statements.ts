// Statements of the user's own, committed together with the job or not at all.
import { type Change, jsonPayload } from "@meanwhile/core";
import { beforeEach, describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claimOne, decide, getJob, submit } from "./moves.js";

export function describeUserStatements(given: Given): void {
  describe("user statements", () => {
    // The table's primary key tells whether a row was written: a second one with the same number fails.
    const insertRow = (number: number) => ({
      sql: `insert into testkit_rows (number, note) values (${placeholder(1)}, ${placeholder(2)})`,
      values: [number, 'it\'s {a} "note"; -- with everything'],
    });
    const placeholder = (index: number): string => given.factory.placeholder?.(index) ?? "?";
    const createTable = { sql: "create table testkit_rows (number integer primary key, note text)", values: [] };

    const completion = async (): Promise<Change> => {
      await submit(given.store);
      const running = await claimOne(given.store);
      return decide(running, { kind: "complete", leaseToken: running.lease.token, result: jsonPayload(1) });
    };
    const commit = async (change: Change, number: number) =>
      given.store.jobs.commit([change], { userStatements: [insertRow(number)] });

    beforeEach(async () => {
      await given.store.jobs.commit([await completion()], { userStatements: [createTable] });
    });

    it("commits them together with the change", async () => {
      const change = await completion();

      const results = await commit(change, 1);

      expect(results).toEqual([{ outcome: "committed", lastSeq: 3 }]);
      expect((await getJob(given.store, change.jobId)).status).toBe("COMPLETED");
      await expect(commit(await completion(), 1)).rejects.toThrow();
    });

    it("writes nothing at all where a statement fails", async () => {
      await commit(await completion(), 1);
      const change = await completion();
      const before = await getJob(given.store, change.jobId);

      const failing = given.store.jobs.commit([change], { userStatements: [insertRow(2), insertRow(1)] });

      await expect(failing).rejects.toThrow();
      expect(await getJob(given.store, change.jobId)).toEqual(before);
      expect(await commit(change, 2)).toEqual([{ outcome: "committed", lastSeq: 3 }]);
    });

    it("writes nothing at all where a guard misses", async () => {
      const change = await completion();
      const lost: Change = { ...change, guard: { ...change.guard, leaseToken: "an-older-token" } };
      const neighbour = await completion();
      const before = await getJob(given.store, neighbour.jobId);

      const results = await given.store.jobs.commit([neighbour, lost], { userStatements: [insertRow(1)] });

      expect(results).toEqual([{ outcome: "guard_failed" }, { outcome: "guard_failed" }]);
      expect(await getJob(given.store, neighbour.jobId)).toEqual(before);
      expect(await commit(change, 1)).toEqual([{ outcome: "committed", lastSeq: 3 }]);
    });
  });
}
