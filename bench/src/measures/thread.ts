// Measure "thread": SQLite on the main thread, as it is shipped, against SQLite on a thread of its own.
import { type Entrant, ours, oursOnThread } from "../entrants.js";
import type { Figures, Measure, Pace } from "../measure.js";
import { canReadCpuSeconds } from "../processes.js";
import type { Turn } from "../turn.js";

const CLIENTS = 100;
const IDLE_WARMUP_JOBS = 100;
const times = (pace: Pace) =>
  pace === "quick" ? { warmupMs: 400, durationMs: 800 } : { warmupMs: 800, durationMs: 2_000 };
const drainCount = (pace: Pace) => (pace === "quick" ? 10_000 : 50_000);
const httpCounts = (pace: Pace) => (pace === "quick" ? { warmup: 1_500, run: 2_000 } : { warmup: 3_000, run: 6_000 });
const idleCount = (pace: Pace) => (pace === "quick" ? 150 : 400);

export const thread: Measure = {
  id: "thread",
  title: "SQLite on the main thread or on a thread of its own",
  onRequest: true,
  explanation: (pace) =>
    `Four parts, each in fresh processes: ${CLIENTS} callers in one process for ${times(pace).durationMs} ms; a drain of ${drainCount(pace)} jobs; ` +
    `${httpCounts(pace).run} jobs followed over HTTP on ${CLIENTS} connections, with the 99th percentile of the delay of the main thread's ` +
    `event loop meanwhile; ${idleCount(pace)} jobs of one client on an idle system. CPU is that of the whole process, all threads.`,
  entrants: [ours, oursOnThread],
  metrics: [
    { id: "submitsPerSecond", label: "submits/s", better: "higher", digits: 0 },
    { id: "submitCpuSeconds", label: "CPU s/1000 submits", better: "lower", digits: 4 },
    { id: "drainJobsPerSecond", label: "drained jobs/s", better: "higher", digits: 0 },
    { id: "drainCpuSeconds", label: "CPU s/1000 drained", better: "lower", digits: 4 },
    { id: "httpJobsPerSecond", label: "HTTP jobs/s", better: "higher", digits: 0 },
    { id: "httpCpuSeconds", label: "HTTP CPU s/1000", better: "lower", digits: 3 },
    { id: "httpKnownP99Ms", label: "HTTP known p99 ms", better: "lower", digits: 1 },
    { id: "eventLoopP99Ms", label: "event loop delay p99 ms", better: "lower", digits: 2 },
    { id: "idleP50Ms", label: "idle p50 ms", better: "lower", digits: 2 },
  ],
  bars: [
    ...([
      "submitsPerSecond",
      "submitCpuSeconds",
      "drainJobsPerSecond",
      "drainCpuSeconds",
      "httpJobsPerSecond",
    ] as const),
    ...(["httpCpuSeconds", "httpKnownP99Ms", "eventLoopP99Ms", "idleP50Ms"] as const),
  ].map((metric) => ({ metric, ours: oursOnThread, over: [ours] })),
  async run(turn, entrant, pace) {
    return {
      ...(await submitPart(turn, entrant, pace)),
      ...(await drainPart(turn, entrant, pace)),
      ...(await httpPart(turn, entrant, pace)),
      ...(await idlePart(turn, entrant, pace)),
    };
  },
};

async function submitPart(turn: Turn, entrant: Entrant, pace: Pace): Promise<Figures> {
  const open = await turn.open(entrant);
  const outcome = await open.startProcess().call("submits", { ...open.choice, callers: CLIENTS, ...times(pace) });
  await open.close();
  const thousands = outcome.submitted / 1_000;
  return {
    submitsPerSecond: (outcome.submitted / outcome.elapsedMs) * 1_000,
    submitCpuSeconds: outcome.cpuSeconds / thousands,
  };
}

async function drainPart(turn: Turn, entrant: Entrant, pace: Pace): Promise<Figures> {
  const open = await turn.open(entrant);
  const count = drainCount(pace);
  const outcome = await open.startProcess().call("drain", { ...open.choice, count });
  await open.close();
  return {
    drainJobsPerSecond: (count / outcome.elapsedMs) * 1_000,
    drainCpuSeconds: (outcome.cpuSeconds / count) * 1_000,
  };
}

async function httpPart(turn: Turn, entrant: Entrant, pace: Pace): Promise<Figures> {
  if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
  const load = turn.openLoad();
  const open = await turn.open(entrant);
  const server = open.startProcess();
  const { port } = await server.call("http", { ...open.choice, worker: "inside" });
  const clients = { port, way: "follow", clients: CLIENTS } as const;
  await load.call("runClients", { ...clients, count: httpCounts(pace).warmup });
  await server.call("watchEventLoop", null);
  const cpuBefore = await open.cpuSeconds();
  const outcome = await load.call("runClients", { ...clients, count: httpCounts(pace).run });
  const cpuSeconds = (await open.cpuSeconds()) - cpuBefore;
  const { p99Ms } = await server.call("eventLoopDelay", null);
  await open.close();
  return {
    ...{ httpJobsPerSecond: (outcome.jobs / outcome.elapsedMs) * 1_000, httpKnownP99Ms: outcome.knownP99Ms },
    ...{ httpCpuSeconds: (cpuSeconds / outcome.jobs) * 1_000, eventLoopP99Ms: p99Ms },
  };
}

async function idlePart(turn: Turn, entrant: Entrant, pace: Pace): Promise<Figures> {
  const load = turn.openLoad();
  const open = await turn.open(entrant);
  const { port } = await open.startProcess().call("http", { ...open.choice, worker: "inside" });
  const client = { port, way: "follow", clients: 1 } as const;
  await load.call("runClients", { ...client, count: IDLE_WARMUP_JOBS });
  const { knownP50Ms } = await load.call("runClients", { ...client, count: idleCount(pace) });
  await open.close();
  return { idleP50Ms: knownP50Ms };
}
