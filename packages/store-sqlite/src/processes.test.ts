// Several processes on one file, and processes that die in the middle of a write. The children run the built package.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Store } from "@meanwhile/core";
import { makeNewJob, makeToken, until } from "@meanwhile/store-testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDriver } from "./driver/load-driver.js";
import { createSqliteStore } from "./sqlite-store.js";

const packageFolder = new URL("../", import.meta.url);
let folder: string;
let file: string;
const children: ChildProcess[] = [];
const stores: Store[] = [];

beforeEach(() => {
  if (!existsSync(new URL("dist/index.js", packageFolder))) {
    throw new Error('The children run the built package. Run "npm run build" first.');
  }
  folder = mkdtempSync(join(tmpdir(), "meanwhile-processes-"));
  file = join(folder, "test.db");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<Store> {
  const store = await createSqliteStore({ file });
  stores.push(store);
  await store.migrate();
  return store;
}

/** What every child begins with; it acknowledges with lines on its standard output. */
const PROLOGUE = `
  import { writeSync } from "node:fs";
  import { createSqliteStore } from "@meanwhile/store-sqlite";
  import { jsonPayload, submittedEvent } from "@meanwhile/core";
  const [file, name] = process.argv.slice(1);
  const say = (line) => writeSync(1, line + "\\n");
  const store = await createSqliteStore({ file });
  await store.migrate();
  let made = 0;
  const makeNew = () => {
    const at = Date.now();
    const id = "00000000-0000-7000-8000-" + Buffer.from(name + ++made).toString("hex").padStart(12, "0");
    const job = {
      id, type: "report", owner: "acme", status: "PENDING", readiness: "ready", attempt: 0, maxAttempts: 3,
      cancelRequestedBy: null, priority: 0, runAt: at, startBy: null, completeBy: null, timeoutMs: null,
      retentionMs: 86400000, startedAt: null, lease: null, progress: null, undoSteps: [], error: null, lastSeq: 1,
      parameters: jsonPayload({ text: "x".repeat(2000) }), result: null, callbackId: null, tags: [],
      concurrencyKey: null, webhook: null, rerunOf: null, traceparent: null, tracestate: null, requestId: null, createdAt: at,
      updatedAt: at, completedAt: null, purgeAt: null,
    };
    return { job, events: [submittedEvent(job)], idempotency: null, fileIds: [] };
  };
`;

interface Child {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** The exit code, or `null` after a signal. */
  readonly ended: Promise<number | null>;
}

function start(script: string, name: string): Child {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROLOGUE + script, file, name], {
    cwd: packageFolder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => lines.push(line));
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  return { process: child, lines, ended };
}

function checkIntegrity(): unknown {
  const database = loadDriver().open(file);
  const [answer] = database.prepare("pragma integrity_check").get() as [string];
  database.close();
  return answer;
}

const INSERT = `
  for (let round = 0; round < 60; round++) {
    const group = Array.from({ length: 5 }, makeNew);
    await store.jobs.insert([group]);
    for (const { job } of group) say(job.id);
  }
  await store.close();
`;

const CLAIM = `
  let empty = 0;
  for (let round = 0; empty < 20; round++) {
    const claimed = await store.jobs.claim({
      workerId: name, leaseToken: name + round, leaseMs: 60000, types: [{ type: "report", limit: 7 }],
    });
    for (const { id } of claimed) say(id);
    empty = claimed.length === 0 ? empty + 1 : 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.close();
`;

describe("several processes on one file", () => {
  it("migrate at once, write at once, and lose nothing", async () => {
    const writers = ["a", "b", "c"].map((name) => start(INSERT, name));

    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0]);

    const store = await open();
    const acknowledged = writers.flatMap(({ lines }) => lines);
    const log = await store.events.readLog({ after: null, limit: 10_000 });
    expect(acknowledged).toHaveLength(900);
    expect(log.events.map(({ jobId }) => jobId).sort()).toEqual([...acknowledged].sort());
    expect(log.events.map(({ position }) => Number(position))).toEqual(log.events.map((_, index) => index + 1));
    expect(checkIntegrity()).toBe("ok");
  });

  it("never claim the same job", async () => {
    const store = await open();
    await store.jobs.insert(Array.from({ length: 600 }, () => [makeNewJob()]));

    const workers = ["a", "b", "c"].map((name) => start(CLAIM, name));

    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    const claimed = workers.flatMap(({ lines }) => lines);
    expect(claimed).toHaveLength(600);
    expect(new Set(claimed).size).toBe(600);
  });

  it("are told of each other's commits while somebody watches", async () => {
    const store = await open();
    let hints = 0;
    const stop = store.watch(() => hints++);

    start(INSERT, "a");

    await until(() => hints > 0, { what: "a hint of the child's commits came", limitMs: 15_000 });
    stop();
  });
});

const INSERT_WHEN_TOLD = `
  const { existsSync } = await import("node:fs");
  say("open");
  while (!existsSync(file + ".go")) await new Promise((resolve) => setTimeout(resolve, 2));
  const waiting = store.jobs.insert([[makeNew()]]);
  say("waits");
  await waiting;
  say("written");
  await store.close();
`;

describe("a process that has nothing to do but to wait for the lock", () => {
  it("does not end before it has written", async () => {
    const child = start(INSERT_WHEN_TOLD, "a");
    const said = (line: string) =>
      until(() => child.lines.includes(line), { what: `it says "${line}"`, limitMs: 15_000 });
    await said("open");
    const other = loadDriver().open(file);
    other.exec("begin immediate");
    writeFileSync(`${file}.go`, "");
    await said("waits");

    other.exec("commit");
    other.close();

    expect(await child.ended).toBe(0);
    expect(child.lines).toContain("written");
  });
});

const INSERT_FOR_EVER = `
  for (;;) {
    const group = Array.from({ length: 50 }, makeNew);
    await store.jobs.insert([group]);
    say(group.at(-1).job.id);
    await new Promise((resolve) => setImmediate(resolve));
  }
`;

const SETTLE_FOR_EVER = `
  const { transition } = await import("@meanwhile/core");
  for (let round = 0; ; round++) {
    await store.jobs.insert(Array.from({ length: 50 }, () => [makeNew()]));
    const leaseToken = name + round;
    const claimed = await store.jobs.claim({
      workerId: name, leaseToken, leaseMs: 60000, types: [{ type: "report", limit: 50 }],
    });
    const changes = claimed.map((job) =>
      transition(job, { kind: "complete", leaseToken, result: jsonPayload(round) }, Date.now()));
    await store.jobs.commit(changes);
    for (const { id } of claimed) say(id);
    await new Promise((resolve) => setImmediate(resolve));
  }
`;

describe("a process that is killed in the middle of a write", () => {
  it.each([3, 11, 40])("leaves every acknowledged group whole, after %i groups", async (groups) => {
    const child = start(INSERT_FOR_EVER, "k");
    await until(() => child.lines.length >= groups, { what: "the child acknowledged its groups", limitMs: 15_000 });

    child.process.kill("SIGKILL");
    await child.ended;

    const store = await open();
    expect(checkIntegrity()).toBe("ok");
    for (const id of child.lines) expect(await store.jobs.find(id)).toBeDefined();
    const { events } = await store.events.readLog({ after: null, limit: 100_000 });
    expect(events.length % 50).toBe(0);
  });

  it("leaves every acknowledged settlement, and every row in step with its events", async () => {
    const child = start(SETTLE_FOR_EVER, "k");
    await until(() => child.lines.length >= 400, { what: "the child acknowledged settlements", limitMs: 15_000 });

    child.process.kill("SIGKILL");
    await child.ended;

    const store = await open();
    expect(checkIntegrity()).toBe("ok");
    for (const id of child.lines) expect((await store.jobs.find(id))?.status).toBe("COMPLETED");
    const { events } = await store.events.readLog({ after: null, limit: 100_000 });
    const ofJobs = new Map<string, (typeof events)[number][]>();
    for (const event of events) ofJobs.set(event.jobId, [...(ofJobs.get(event.jobId) ?? []), event]);
    for (const [jobId, ofJob] of ofJobs) {
      const job = await store.jobs.find(jobId);
      expect(ofJob.map(({ seq }) => seq)).toEqual(ofJob.map((_, index) => index + 1));
      expect(job).toMatchObject({ lastSeq: ofJob.length, status: ofJob.at(-1)?.status });
    }
  });

  it("does not keep others from writing", async () => {
    const store = await open();
    const child = start(INSERT_FOR_EVER, "k");
    await until(() => child.lines.length >= 2, { what: "the child writes", limitMs: 15_000 });

    child.process.kill("SIGKILL");
    await child.ended;

    expect(await store.jobs.insert([[makeNewJob()]])).toMatchObject([{ outcome: "stored" }]);
    const lease = { workerId: "w", leaseToken: makeToken(), leaseMs: 1_000 };
    expect(await store.jobs.claim({ ...lease, types: [{ type: "report", limit: 1 }] })).toHaveLength(1);
  });
});
