// Everything at once for a while: every promise is kept, and nothing grows.
//
// MEANWHILE_SOAK_SECONDS: how long the load lasts. Default: 20; from 600 on it is judged whether memory, descriptors and
// tables stay flat. MEANWHILE_SOAK_RATE: jobs a second. Default: 25. MEANWHILE_SOAK_SEED: repeats the load's choices.
// MEANWHILE_SOAK_REPORT: the file for the report. MEANWHILE_SOAK_SNAPSHOTS: `1` for heap snapshots at a third and at the end.
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "@meanwhile/store-testkit";
import { afterEach, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../harness/folder.js";
import { accept, startHookReceiver } from "../harness/hook-receiver.js";
import { killLeftovers } from "../harness/process.js";
import { descriptorsOf } from "../harness/process-facts.js";
import { createRandom, type Random } from "../harness/random.js";
import { describeOnStore, POSTGRES } from "../harness/stores.js";
import { pause } from "../readers/reader.js";
import { CHANNELS, followAll } from "./followers.js";
import { type SoakProcess, startSoakHerd, waysOf } from "./herd.js";
import { Ledger } from "./ledger.js";
import { runMixedLoad } from "./mixed-load.js";
import { writeReport } from "./report.js";
import { createSoakDatabase, type DatabaseSample, type SoakDatabase } from "./soak-database.js";
import { judgeSoak } from "./verdict.js";

const SECONDS = Number(process.env.MEANWHILE_SOAK_SECONDS ?? 20);
const RATE = Number(process.env.MEANWHILE_SOAK_RATE ?? 25);
const SEED = Number(process.env.MEANWHILE_SOAK_SEED ?? Date.now() % 1_000_000);
const REPORT = process.env.MEANWHILE_SOAK_REPORT ?? join(tmpdir(), "meanwhile-soak", `soak-${SEED}.md`);
const WITH_SNAPSHOTS = process.env.MEANWHILE_SOAK_SNAPSHOTS === "1";

/** Below it the warm-up is most of what there is. */
const JUDGED_FROM_SECONDS = 600;
const RETENTION_MS = 60_000;
const SAMPLE_EVERY_MS = SECONDS >= JUDGED_FROM_SECONDS ? 10_000 : 5_000;
const AUDIT_EVERY_MS = 4_000;
/** Connections to the database that a process opened under load and closes once they were idle for half a minute. */
const POOL_SLACK = 12;
const STREAMS_OF_ALL_JOBS = 4;

afterEach(killLeftovers);

describeOnStore(POSTGRES, () => {
  it(`a soak of ${SECONDS} s keeps every promise, and leaves nothing behind (${RATE} jobs/s, seed ${SEED})`, {
    timeout: SECONDS * 1_000 + 300_000,
  }, async () => {
    const database = await createSoakDatabase();
    onTestFinished(() => database.drop());
    const folder = testFolder();
    const options = { storeUrl: database.url, folder, retentionMs: RETENTION_MS, vitalsEveryMs: SAMPLE_EVERY_MS };
    const herd = await startSoakHerd(options);
    onTestFinished(killLeftovers);
    const random = createRandom(SEED);
    const ledger = new Ledger();

    const samples = await soak({ database, herd, random, ledger });
    const verdicts = SECONDS >= JUDGED_FROM_SECONDS ? judgeSoak(herd, samples) : [];
    const { serverVersion } = database;
    const facts = { seconds: SECONDS, jobsPerSecond: RATE, retentionMs: RETENTION_MS, seed: SEED, serverVersion };
    mkdirSync(dirname(REPORT), { recursive: true });
    writeFileSync(REPORT, writeReport({ ...facts, ledger, herd, samples, verdicts }));
    process.stderr.write(
      `soak: ${ledger.counts.get("accepted")} jobs, ${ledger.faults.length} faults; report: ${REPORT}\n`,
    );

    expect(ledger.faults).toEqual([]);
    expect(KINDS.filter((kind) => !ledger.counts.has(kind))).toEqual([]);
    expect(verdicts.filter(({ isFlat }) => !isFlat)).toEqual([]);
    for (const { program } of herd) expect(await program.stop()).toEqual({ code: 0, signal: null });
  });
});

/** Without each of them it was no mixed load. */
const KINDS = [
  "ended COMPLETED",
  "ended FAILED",
  "ended CANCELLED",
  ...["retried", "expired", "purged", "reruns", "cancels", "batches", "files copied", "webhooks taken"],
  ...CHANNELS.map((channel) => `read by ${channel}`),
  "events by the stream of all jobs",
];

interface Soak {
  readonly database: SoakDatabase;
  readonly herd: readonly SoakProcess[];
  readonly random: Random;
  readonly ledger: Ledger;
}

/** Resolves when the load is over, every job has ended, every webhook has come and every descriptor is closed. */
async function soak({ database, herd, random, ledger }: Soak): Promise<readonly DatabaseSample[]> {
  const receiver = await startHookReceiver();
  receiver.behave((response, hook) => {
    if (random.chance(0.1)) return void response.writeHead(503).end();
    accept(response, hook);
    ledger.hookCame(hook.body.data.job.id);
  });
  const servers = waysOf(herd);
  const loadOver = AbortSignal.timeout(SECONDS * 1_000);
  const allOver = new AbortController();
  const samples: DatabaseSample[] = [];
  const watching = Promise.all([
    every(SAMPLE_EVERY_MS, { signal: loadOver, ledger }, async () => void samples.push(await database.sample())),
    auditBehind({ database, ledger, signal: allOver.signal }),
  ]);
  const streams = Array.from({ length: STREAMS_OF_ALL_JOBS }, (_, index) =>
    followAll({ ways: servers[index % servers.length]!, random, ledger }, loadOver),
  );
  const snapshots = WITH_SNAPSHOTS ? takeSnapshots(herd, loadOver) : undefined;

  await runMixedLoad({ servers, hookUrl: receiver.url, random, ledger, jobsPerSecond: RATE, signal: loadOver });
  await Promise.all([...streams, snapshots]);
  await settled("every accepted job has ended", () => ledger.pending, ledger);
  await settled("every webhook has come", () => ledger.hooksPending, ledger);
  allOver.abort();
  await watching;
  await settled("every descriptor is closed", () => openDescriptors(herd), ledger);
  return samples;
}

/** Reads what has ended, again and again, before it is pruned. */
async function auditBehind({ database, ledger, signal }: Watch & Pick<Soak, "database">): Promise<void> {
  let turnedAt = performance.now();
  await every(AUDIT_EVERY_MS, { signal, ledger }, async () => {
    for (const { job, events } of await database.ended((jobId) => ledger.isKnown(jobId))) ledger.ended(job, events);
    // Pruning is a chore of its own, which may come late.
    if (performance.now() - turnedAt > 3 * RETENTION_MS) {
      ledger.turnPage();
      turnedAt = performance.now();
    }
  });
}

/** What fails is a fault, and no reason to look away from then on. */
async function every(ms: number, { signal, ledger }: Watch, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await work().catch((error: unknown) => ledger.fault(`Looking on failed: ${String(error)}`));
    await pause(ms, signal);
  }
}

interface Watch {
  readonly signal: AbortSignal;
  readonly ledger: Ledger;
}

/** What is left after a minute and a half is a fault, and no reason to lose the report. */
async function settled(what: string, left: () => readonly string[], ledger: Ledger): Promise<void> {
  await until(() => left().length === 0, { what, limitMs: 90_000 }).catch(() => {
    ledger.fault(`Waited in vain until ${what}; ${left().length} left: ${left().slice(0, 5).join(", ")}`);
  });
}

function openDescriptors(herd: readonly SoakProcess[]): readonly string[] {
  return herd.flatMap(({ name, program, descriptorsAtRest }) => {
    const open = descriptorsOf(program.pid);
    return open <= descriptorsAtRest + POOL_SLACK ? [] : [`${name} has ${open}, ${descriptorsAtRest} at rest`];
  });
}

async function takeSnapshots(herd: readonly SoakProcess[], loadOver: AbortSignal): Promise<void> {
  const take = () => herd.forEach(({ program }) => void program.signal("SIGUSR2"));
  await pause((SECONDS * 1_000) / 3, loadOver);
  take();
  await pause(SECONDS * 1_000 * 0.6, loadOver);
  take();
}
