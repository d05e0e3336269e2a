// File records: whose they are, which jobs name them, when they go.
import type { FileRecord } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId, makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { NOW, SECOND, settle, submit } from "./moves.js";

function makeFile(given: Partial<FileRecord> = {}): FileRecord {
  return {
    id: makeId(),
    owner: "acme",
    name: "Jahresübersicht „2026“.pdf",
    mediaType: "application/pdf",
    sizeBytes: 5_000_000_000,
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    createdAt: NOW,
    expiresAt: NOW + SECOND,
    ...given,
  };
}

export function describeFiles(given: Given): void {
  const insert = async (file: FileRecord): Promise<FileRecord> => {
    await given.store.files.insert(file);
    return file;
  };
  const linkedTo = async (jobId: string) => [...(await given.store.files.linkedTo(jobId))].sort();
  const expired = async (now: number, limit = 10) => given.store.files.findExpired({ limit, now });

  describe("files", () => {
    it("come back as they were recorded", async () => {
      const file = await insert(makeFile());

      expect(await given.store.files.find(file.id)).toEqual(file);
      expect(await given.store.files.find(makeId())).toBeUndefined();
    });

    it("expire in the order of their time, up to the limit", async () => {
      const late = await insert(makeFile({ expiresAt: NOW + 20 }));
      const early = await insert(makeFile({ expiresAt: NOW + 10 }));

      expect(await expired(NOW + 9)).toEqual([]);
      expect(await expired(NOW + 10)).toEqual([early.id]);
      expect(await expired(NOW + 20)).toEqual([early.id, late.id]);
      expect(await expired(NOW + 20, 1)).toEqual([early.id]);
    });

    it("are linked by the submit that names them, those of its owner only", async () => {
      const own = await insert(makeFile());
      const foreign = await insert(makeFile({ owner: "globex" }));

      const job = await submit(given.store, {}, { fileIds: [own.id, foreign.id, makeId()] });

      expect(await linkedTo(job.id)).toEqual([own.id]);
    });

    it("are linked later, once, and never across owners", async () => {
      const own = await insert(makeFile());
      const foreign = await insert(makeFile({ owner: "globex" }));
      const job = await submit(given.store);

      await given.store.files.link(job.id, [own.id, foreign.id, makeId()]);
      await given.store.files.link(job.id, [own.id]);

      expect(await linkedTo(job.id)).toEqual([own.id]);
    });

    it("cannot be linked to a job that does not exist", async () => {
      const file = await insert(makeFile());
      const nobody = makeId();

      await given.store.files.link(nobody, [file.id]);

      expect(await linkedTo(nobody)).toEqual([]);
      expect(await expired(NOW + SECOND)).toEqual([file.id]);
    });

    it("live as long as any job that names them", async () => {
      const file = await insert(makeFile());
      const jobs = [
        await submit(given.store, {}, { fileIds: [file.id] }),
        await submit(given.store, {}, { fileIds: [file.id] }),
      ];
      const found: (readonly string[])[] = [await expired(NOW + SECOND)];

      for (const job of jobs) {
        await settle(given.store, job, { kind: "requestCancel", by: "acme" });
        await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });
        found.push(await expired(NOW + SECOND));
      }

      expect(found).toEqual([[], [], [file.id]]);
    });

    it("are not linked by a submit that was there already", async () => {
      const file = await insert(makeFile());
      const first = await submit(given.store, {}, { idempotencyKey: "k" });

      await given.store.jobs.insert([[makeNewJob({}, { idempotencyKey: "k", fileIds: [file.id] })]]);

      expect(await linkedTo(first.id)).toEqual([]);
    });

    it("are removed with their links, and told apart from those that never were", async () => {
      const file = await insert(makeFile());
      const other = await insert(makeFile());
      const job = await submit(given.store, {}, { fileIds: [file.id, other.id] });

      const removed = await given.store.files.remove([file.id, makeId()]);

      expect(removed).toEqual([file.id]);
      expect(await given.store.files.find(file.id)).toBeUndefined();
      expect(await linkedTo(job.id)).toEqual([other.id]);
      expect(await given.store.files.remove([file.id])).toEqual([]);
    });

    it("that a job named in the meantime are passed over where only unlinked ones are to go", async () => {
      const linked = await insert(makeFile());
      const free = await insert(makeFile());
      const job = await submit(given.store, {}, { fileIds: [linked.id] });

      const removed = await given.store.files.remove([linked.id, free.id], { unlinkedOnly: true });

      expect(removed).toEqual([free.id]);
      expect(await given.store.files.find(linked.id)).toEqual(linked);
      expect(await linkedTo(job.id)).toEqual([linked.id]);
    });
  });
}
