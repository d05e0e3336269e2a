// A process that really stands still (SIGSTOP) while its lease is given away, and then goes on (SIGCONT).
import { join } from "node:path";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { until } from "@meanwhile/store-testkit";
import { createMeanwhile } from "meanwhile";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../harness/folder.js";
import { killLeftovers, type Program, startProgram } from "../harness/process.js";
import { jobs } from "../program/jobs.js";

afterEach(killLeftovers);

describe("a stalled process", () => {
  it("wakes up after another one has done its job, writes nothing, and says so in its log", async () => {
    const folder = testFolder();
    const file = join(folder, "meanwhile.db");
    const store = await createSqliteStore({ file });
    const api = await createMeanwhile({ jobs, store, files: join(folder, "files"), worker: false });
    onTestFinished(async () => {
      await api.stop();
      await store.close();
    });
    const stalled = startWorker(folder);
    await stalled.ready;
    const handle = await api.submit("test.deaf", { ms: 1_500 });
    const first = await until(async () => (await handle.get()).lease, { what: "the first worker has the job" });

    stalled.signal("SIGSTOP");
    const other = startWorker(folder);
    await other.ready;
    const second = await until(
      async () => {
        const { lease } = await handle.get();
        return lease !== null && lease.workerId !== first.workerId ? lease : undefined;
      },
      { what: "the other worker has the job", limitMs: 15_000 },
    );
    await until(async () => (await handle.get()).status === "COMPLETED", {
      what: "the other worker has done it",
      limitMs: 15_000,
    });
    const before = await store.events.read(handle.id, { after: 0, limit: 100 });
    stalled.signal("SIGCONT");
    await until(() => losses(stalled).length > 0, { what: "the stalled one logs its loss", limitMs: 15_000 });

    expect(second.token).not.toBe(first.token);
    const job = await handle.get();
    const after = await store.events.read(handle.id, { after: 0, limit: 100 });
    expect(after).toEqual(before);
    expect(after.map(({ type, attempt }) => `${attempt} ${type}`)).toEqual([
      "0 job.submitted",
      "1 job.started",
      "1 job.retrying",
      "2 job.started",
      "2 job.completed",
    ]);
    expect(job.result?.body).toBe('{"attempt":2}');
    expect(losses(stalled)).toMatchObject([{ jobId: handle.id, attempt: 1, level: "warn" }]);
    expect(losses(other)).toEqual([]);
    expect(await stalled.stop()).toEqual({ code: 0, signal: null });
    expect(await other.stop()).toEqual({ code: 0, signal: null });
  });
});

function startWorker(folder: string): Program {
  return startProgram("serve", {
    args: ["--role", "worker"],
    env: {
      MEANWHILE_STORE: `sqlite:${join(folder, "meanwhile.db")}`,
      MEANWHILE_FILES: join(folder, "files"),
      MEANWHILE_LEASE_MS: "600",
    },
    ready: /meanwhile: worker on/,
  });
}

/** The lines in which a worker says that it lost a lease. */
function losses(program: Program): readonly Record<string, unknown>[] {
  return program
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === "the lease was lost; the outcome of the attempt is thrown away");
}
