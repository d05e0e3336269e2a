// The job type sweeps by itself: whoever serves it need not know that there is something to sweep.
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runJob } from "meanwhile/testing";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { convertFile } from "../convert-file.js";
import { withWorkFolder } from "./work-folder.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "meanwhile-sweep-"));
  vi.stubEnv("TMPDIR", root);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

it("the first conversion of a process removes what a killed one left", async () => {
  // As if another process had had this id before.
  await withWorkFolder((own) => rename(own, own.replace(/-\d+-([0-9a-f]{8})$/, "-1-$1")));
  const before = await readdir(root);
  const file = randomUUID();

  const { status } = await runJob(convertFile, {
    parameters: { file, targetFormat: "json" },
    files: { [file]: { name: "a.csv", mediaType: "text/csv", bytes: Buffer.from("a\n1\n") } },
  });

  expect(before).toHaveLength(1);
  expect(status).toBe("COMPLETED");
  expect(await readdir(root)).toEqual([]);
});
