// What handlers logged: in order, bounded, and honest about what is missing.
import type { NewLogLine } from "@meanwhile/core";
import { LOG_LEVELS } from "@meanwhile/protocol";
import { describe, expect, it } from "vitest";
import { makeId } from "../builders.js";
import type { Given } from "../describe-store.js";
import { NOW, submit } from "./moves.js";

const NOTE = "Further lines were dropped.";
const line = (jobId: string, message: string, given: Partial<NewLogLine> = {}): NewLogLine => ({
  jobId,
  at: NOW,
  level: "info",
  message,
  fields: null,
  attempt: 1,
  ...given,
});
const all = { after: 0, limit: 1_000, minLevel: "debug" } as const;

export function describeLogLines(given: Given): void {
  describe("log lines", () => {
    it("come back as they were written, numbered from 1 per job", async () => {
      const a = await submit(given.store);
      const b = await submit(given.store);
      const lines = [
        line(a.id, "one", { level: "debug", fields: '{"page":1}', attempt: 2, at: NOW + 5 }),
        line(b.id, "first of b"),
        line(a.id, "two", { level: "error" }),
      ];

      await given.store.logs.append(lines, { maxLines: 10, droppedNote: NOTE });

      expect(await given.store.logs.read(a.id, all)).toEqual([
        { ...lines[0], seq: 1 },
        { ...lines[2], seq: 2 },
      ]);
      expect(await given.store.logs.read(b.id, all)).toEqual([{ ...lines[1], seq: 1 }]);
    });

    it("are read after a seq, up to a limit, from a level on", async () => {
      const job = await submit(given.store);
      const lines = LOG_LEVELS.flatMap((level) => [1, 2].map((n) => line(job.id, `${level} ${n}`, { level })));
      await given.store.logs.append(lines, { maxLines: 100, droppedNote: NOTE });

      const seqs = async (options: Partial<typeof all> | object) =>
        (await given.store.logs.read(job.id, { ...all, ...options })).map(({ seq }) => seq);

      expect(await seqs({ after: 5 })).toEqual([6, 7, 8]);
      expect(await seqs({ limit: 3 })).toEqual([1, 2, 3]);
      expect(await seqs({ minLevel: "warn" })).toEqual([5, 6, 7, 8]);
      expect(await seqs({ minLevel: "info", after: 3, limit: 2 })).toEqual([4, 5]);
      expect(await seqs({ minLevel: "error", after: 8 })).toEqual([]);
    });

    it("stop at the bound with one note in place of the first line beyond it", async () => {
      const job = await submit(given.store);
      const lines = [1, 2, 3, 4, 5].map((n) => line(job.id, `line ${n}`, { at: NOW + n, fields: "{}", attempt: n }));

      await given.store.logs.append(lines.slice(0, 4), { maxLines: 3, droppedNote: NOTE });
      await given.store.logs.append(lines.slice(4), { maxLines: 3, droppedNote: NOTE });

      const kept = await given.store.logs.read(job.id, all);
      expect(kept.map(({ seq, message }) => [seq, message])).toEqual([
        [1, "line 1"],
        [2, "line 2"],
        [3, "line 3"],
        [4, NOTE],
      ]);
      expect(kept[3]).toEqual({
        jobId: job.id,
        seq: 4,
        at: NOW + 4,
        level: "warn",
        message: NOTE,
        fields: null,
        attempt: 4,
      });
    });

    it("make no note while the bound is only reached", async () => {
      const job = await submit(given.store);

      await given.store.logs.append([line(job.id, "one"), line(job.id, "two")], { maxLines: 2, droppedNote: NOTE });

      expect((await given.store.logs.read(job.id, all)).map(({ message }) => message)).toEqual(["one", "two"]);
    });

    it("of a job that does not exist are dropped without harm to the others", async () => {
      const job = await submit(given.store);
      const nobody = makeId();

      await given.store.logs.append([line(nobody, "lost"), line(job.id, "kept")], { maxLines: 10, droppedNote: NOTE });

      expect(await given.store.logs.read(nobody, all)).toEqual([]);
      expect(await given.store.logs.read(job.id, all)).toHaveLength(1);
    });

    it("keep their order under many appends at once", async () => {
      const job = await submit(given.store);

      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          given.store.logs.append([line(job.id, `${n} a`), line(job.id, `${n} b`)], {
            maxLines: 100,
            droppedNote: NOTE,
          }),
        ),
      );

      const kept = await given.store.logs.read(job.id, all);
      expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      expect(new Set(kept.map(({ message }) => message)).size).toBe(20);
    });
  });
}
