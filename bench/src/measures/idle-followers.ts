// Measure "idle-followers": what one more follower of a job that waits costs the server's memory.
import { bareSse, type Entrant, oursFollowed } from "../entrants.js";
import type { Figures, Measure, Pace } from "../measure.js";
import { canReadCpuSeconds } from "../processes.js";
import type { Turn } from "../turn.js";
import { MEMORY_FLAGS } from "../workloads/memory.js";

const followerCount = (pace: Pace) => (pace === "quick" ? 4_000 : 10_000);
/** At full pace longer than the 15 s between two signs of life, so that every follower has had one. */
const idleMs = (pace: Pace) => (pace === "quick" ? 1_000 : 16_000);
/**
 * These come first and stay: they load and compile what a follower needs, and use up what a server has free from its start,
 * which is more where more was done. What is measured is what the others cost beyond them.
 */
const firstCount = (pace: Pace) => followerCount(pace) / 4;
const OPEN_LIMIT_MS = 60_000;

export const idleFollowers: Measure = {
  id: "idle-followers",
  title: "Memory of idle followers (SSE)",
  explanation: (pace) =>
    `${followerCount(pace).toLocaleString("en-GB")} followers on sockets of their own hold the event streams of jobs that wait, once of as many ` +
    "jobs, once all of one. The resident set (RSS) of the server after forced collections, less what it was with the first " +
    `${firstCount(pace).toLocaleString("en-GB")} of them, divided by the number of the others; the JavaScript heap alike. V8's nursery is kept at its smallest. CPU is that of the server while ` +
    `nothing happens for ${idleMs(pace) / 1_000} s, per 1000 followers and second. What the kernel keeps for a socket is in no figure.`,
  entrants: [bareSse, oursFollowed],
  metrics: [
    { id: "ownKibibytes", label: "RSS KiB/follower, own jobs", better: "lower", digits: 1 },
    { id: "ownHeapKibibytes", label: "of it heap", better: "lower", digits: 1 },
    { id: "oneKibibytes", label: "RSS KiB/follower, one job", better: "lower", digits: 1 },
    { id: "oneHeapKibibytes", label: "of it heap", better: "lower", digits: 1 },
    { id: "ownIdleCpuMs", label: "idle CPU ms/s per 1000", better: "lower", digits: 2 },
    { id: "openCpuMs", label: "CPU ms to open one", better: "lower", digits: 2 },
  ],
  bars: [
    ...(["ownKibibytes", "oneKibibytes"] as const).map((metric) => ({
      ...{ metric, ours: oursFollowed, over: [bareSse], compare: "difference" as const, aim: 12 },
    })),
    { metric: "openCpuMs", ours: oursFollowed, over: [bareSse] },
  ],
  takesLong: true,
  async run(turn, entrant, pace) {
    if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
    const own = await follow(turn, entrant, { pace, jobs: followerCount(pace) });
    const one = await follow(turn, entrant, { pace, jobs: 1 });
    return {
      ...{ ownKibibytes: own.kibibytes, ownHeapKibibytes: own.heapKibibytes, ownIdleCpuMs: own.idleCpuMs },
      ...{ oneKibibytes: one.kibibytes, oneHeapKibibytes: one.heapKibibytes, openCpuMs: own.openCpuMs },
    };
  },
};

interface Followed extends Figures {
  kibibytes: number;
  heapKibibytes: number;
  idleCpuMs: number;
  openCpuMs: number;
}

/** In processes of its own: memory that followers leave behind would be used again by the next ones. */
async function follow(turn: Turn, entrant: Entrant, { pace, jobs }: { pace: Pace; jobs: number }): Promise<Followed> {
  const load = turn.openLoad();
  const open = await turn.open(entrant);
  const server = open.startProcess(MEMORY_FLAGS);
  const { port } = await server.call("followed", open.choice);
  const { paths } = await server.call("waitingJobs", { count: jobs });
  const first = { count: firstCount(pace), paths: paths.slice(0, firstCount(pace)) };
  await load.call("openFollowers", { port, ...first }, { timeoutMs: OPEN_LIMIT_MS });

  const before = await server.call("memory", null);
  const cpuBefore = await open.cpuSeconds();
  const others = { count: followerCount(pace) - first.count, paths: jobs === 1 ? paths : paths.slice(first.count) };
  await load.call("openFollowers", { port, ...others }, { timeoutMs: OPEN_LIMIT_MS });
  const openCpuSeconds = (await open.cpuSeconds()) - cpuBefore;
  const idleCpuBefore = await open.cpuSeconds();
  await load.call("holdFollowers", { forMs: idleMs(pace) });
  const idleCpuSeconds = (await open.cpuSeconds()) - idleCpuBefore;
  const after = await server.call("memory", null);
  await load.call("holdFollowers", { forMs: 0 });
  await load.call("closeFollowers", null);
  await open.close();
  const each = (bytes: number) => bytes / others.count / 1_024;
  return {
    ...{ kibibytes: each(after.rssBytes - before.rssBytes), heapKibibytes: each(after.heapBytes - before.heapBytes) },
    idleCpuMs: (idleCpuSeconds * 1_000 * 1_000) / (idleMs(pace) / 1_000) / followerCount(pace),
    openCpuMs: (openCpuSeconds * 1_000) / others.count,
  };
}
