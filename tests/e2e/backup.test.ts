// A backup that was taken while the server ran, restored elsewhere after everything was lost: docs/backup-and-restore.md, step by step.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { JobEvent } from "@meanwhile/protocol";
import { afterEach, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../harness/folder.js";
import { startPostgresCluster } from "../harness/postgres-cluster.js";
import { killLeftovers } from "../harness/process.js";
import { serve } from "../harness/serve.js";
import { openSql } from "../harness/sql.js";
import { describeOnEveryStore, POSTGRES_URL, type StoreKind, type TestStore, testHome } from "../harness/stores.js";
import { pause } from "../readers/reader.js";
import { ANY_JOB, readByBroadcast } from "../readers/sse.js";

const run = promisify(execFile);

afterEach(killLeftovers);

describeOnEveryStore((kind) => {
  it("a restored backup has all that was there when it was taken, and goes on with it", {
    timeout: 120_000,
  }, async () => {
    const lost = testHome(kind);
    const first = await serve({ ...lost, leaseMs: 1_000 });
    const gate = join(lost.folder, "gate");
    const stream = { count: 3, gates: [{ before: 2, file: gate }] };
    const upload = await first.api.request<{ id: string }>("POST", "/api/v2/files", {
      body: "kept",
      headers: { "content-type": "text/plain" },
    });
    const done = (await first.api.submit("test.copy", { file: upload.body.id }, {}, { prefer: "wait=20" })).body;
    const doneEvents = await first.api.events(done.id);
    const key = { "idempotency-key": "before" };
    const running = (await first.api.submit("test.stream", stream, {}, key)).body;
    await first.api.reaches(running.id, "PROCESSING");
    const position = await endOfLog(first.httpPort!);

    const copy = await backUp(kind, lost);
    const late = (await first.api.submit("test.echo", {}, {}, { prefer: "wait=20" })).body;
    first.signal("SIGKILL");
    await first.exited;
    const second = await serve({ ...copy, leaseMs: 1_000 });
    writeFileSync(gate, "");

    expect(await second.api.reaches(running.id, "COMPLETED", 30_000)).toMatchObject({ result: { count: 3 } });
    expect(await second.api.events(done.id)).toEqual(doneEvents);
    const copied = (done.result as { file: string }).file;
    expect((await second.api.request("GET", `/api/v2/files/${copied}`)).body).toBe("kept");
    // What was submitted behind the backup is not there; a key of before it still makes no second job.
    expect((await second.api.get(late.id)).status).toBe(404);
    expect((await second.api.submit("test.stream", stream, {}, key)).body.id).toBe(running.id);
    // A reader of all jobs that was at its end when the backup was taken goes on from there.
    const behind = await readBehind(second.httpPort!, position, running.id);
    const log = await second.api.events(running.id);
    expect(behind).toEqual(log.slice(-behind.length).map(({ seq }) => seq));
    expect(behind.at(-1)).toBe(log.at(-1)!.seq);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  });
});

/** First the database, then the files: one that is too much does no harm, one that is missing does. */
async function backUp(kind: StoreKind, lost: { folder: string; store: TestStore }) {
  const folder = testFolder();
  const store = kind.name === "SQLite" ? backUpSqlite(lost.folder, folder) : await backUpPostgres(lost.store, folder);
  mkdirSync(join(lost.folder, "files"), { recursive: true });
  cpSync(join(lost.folder, "files"), join(folder, "files"), { recursive: true });
  return { folder, store };
}

function backUpSqlite(from: string, to: string): TestStore {
  const sql = openSql(join(from, "meanwhile.db"));
  sql.exec(`vacuum into '${join(to, "meanwhile.db")}'`);
  sql.close();
  return restoredAt(`sqlite:${join(to, "meanwhile.db")}`);
}

/** Into another cluster, whose transactions are counted anew. */
async function backUpPostgres({ url }: TestStore, folder: string): Promise<TestStore> {
  const schema = new URL(url).searchParams.get("schema")!;
  const dump = join(folder, "meanwhile.dump");
  await run("pg_dump", ["--format=custom", `--schema=${schema}`, `--file=${dump}`, POSTGRES_URL]);
  const cluster = await startPostgresCluster();
  onTestFinished(() => cluster.remove());
  await run("pg_restore", ["--exit-on-error", "--no-owner", `--dbname=${cluster.url}`, dump]);
  return restoredAt(`${cluster.url}?schema=${schema}`);
}

function restoredAt(url: string): TestStore {
  return { url, lastSeq: async () => 0, remove: async () => {} };
}

/** The position behind the last event, as the stream of all jobs tells it at its start. */
async function endOfLog(port: number): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/api/v2/events`, { signal: leaving.signal });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = /^id: ?(.+)$/m.exec(text);
    if (found !== null) {
      leaving.abort();
      return found[1]!;
    }
  }
  throw new Error(`The stream ended without an id: ${text}`);
}

/** What the stream of all jobs tells of one behind a position, up to its end. */
async function readBehind(port: number, from: string, jobId: string): Promise<readonly number[]> {
  const seen: Pick<JobEvent, "jobId" | "seq" | "status">[] = [];
  const leaving = new AbortController();
  const ways = { http: `127.0.0.1:${port}`, grpc: "" };
  const note = (event: (typeof seen)[number]) => {
    if (event.jobId !== jobId) return;
    seen.push(event);
    if (event.status === "COMPLETED") leaving.abort();
  };
  const reading = readByBroadcast({ from })({ ...ways, jobId: ANY_JOB, after: 0, note, signal: leaving.signal });
  await Promise.race([reading, pause(20_000, leaving.signal)]);
  leaving.abort();
  await reading;
  return seen.map(({ seq }) => seq);
}
