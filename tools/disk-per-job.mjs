// What a finished job leaves on the disk: node tools/disk-per-job.mjs [address] [jobs]; build first.
// Each job has 200 bytes of parameters, as many of result, one step of progress, one line of log, and an idempotency key.
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeanwhile, defineJob } from "../packages/meanwhile/dist/index.js";

const folder = mkdtempSync(join(tmpdir(), "meanwhile-disk-"));
const address = process.argv[2] ?? `sqlite:${join(folder, "meanwhile.db")}`;
const count = Number(process.argv[3] ?? 5_000);
const text = "x".repeat(190);

const job = defineJob({
  type: "disk",
  concurrency: 50,
  async run({ progress, log }) {
    await progress(0.5, "half");
    log.info("half way");
    return { text };
  },
});

const meanwhile = await createMeanwhile({ jobs: [job], store: address, files: join(folder, "files") });
await meanwhile.start();
const before = await sizeBytes();
for (let done = 0; done < count; done += 100) {
  const handles = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      meanwhile.submit(job, { text }, { idempotencyKey: `disk-${Date.now()}-${done + n}` }),
    ),
  );
  await Promise.all(handles.map((handle) => handle.result()));
}
const perJob = ((await sizeBytes()) - before) / count;
process.stdout.write(`${meanwhile.store.name}: ${Math.round(perJob)} bytes per finished job (${count} jobs)\n`);
await meanwhile.stop();
rmSync(folder, { recursive: true, force: true });

async function sizeBytes() {
  const file = /^sqlite:(.*)$/.exec(address)?.[1];
  if (file === undefined) return (await meanwhile.store.check()).facts.databaseSizeBytes;
  // What stands in the write-ahead log is written into the file by and by, and its room is used again.
  return [file, `${file}-wal`].reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0);
}
