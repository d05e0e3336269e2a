// Measure "http-submit": what storing a job costs an HTTP route that would otherwise store nothing.
import { bareFastify, bullmq, ours } from "../entrants.js";
import type { LoadMethods } from "../load-process.js";
import type { Measure, Pace } from "../measure.js";
import { type Child, canReadCpuSeconds } from "../processes.js";
import type { Turn } from "../turn.js";

const CONNECTIONS = 100;
const seconds = (pace: Pace) => (pace === "quick" ? { warmup: 1, run: 2 } : { warmup: 3, run: 5 });

export const httpSubmit: Measure = {
  id: "http-submit",
  title: "HTTP submits (202) on 100 connections",
  explanation: (pace) =>
    `autocannon in its own process, ${CONNECTIONS} connections without pipelining, ${seconds(pace).run} s after ` +
    `${seconds(pace).warmup} s of warm-up; every answer must be a 202. No worker runs. The server's CPU per request (with ` +
    "that of a Redis started for it) tells more than requests/s where the load generator is the limit.",
  entrants: [ours, bareFastify, bullmq],
  metrics: [
    { id: "requestsPerSecond", label: "requests/s", better: "higher", digits: 0 },
    { id: "p99Ms", label: "p99 ms", better: "lower", digits: 1 },
    { id: "cpuMicroseconds", label: "server CPU µs/request", better: "lower", digits: 1 },
    { id: "answerBytes", label: "answer bytes", better: "lower", digits: 0 },
  ],
  bars: [
    { metric: "requestsPerSecond", ours, over: [bareFastify], must: 0.5 },
    { metric: "cpuMicroseconds", ours, over: [bareFastify] },
    { metric: "requestsPerSecond", ours, over: [bullmq] },
  ],
  takesLong: true,
  async run(turn, entrant, pace) {
    const load = turn.openLoad();
    // The bare route must answer with as many bytes as ours does.
    const size = entrant === bareFastify ? { answerSizeBytes: await answerSizeOfOurs(turn, load) } : {};
    const open = await turn.open(entrant);
    const server = open.startProcess();
    const { port } = await server.call("http", { ...open.choice, worker: "none", ...size });
    const { sizeBytes } = await load.call("answerSizeOf", { port });
    const { warmup, run } = seconds(pace);
    await load.call("floodWithPosts", { port, connections: CONNECTIONS, durationSeconds: warmup });
    const cpuBefore = canReadCpuSeconds() ? await open.cpuSeconds() : Number.NaN;
    const flood = await load.call("floodWithPosts", { port, connections: CONNECTIONS, durationSeconds: run });
    const cpuSeconds = canReadCpuSeconds() ? (await open.cpuSeconds()) - cpuBefore : Number.NaN;
    await open.close();
    return {
      ...{ requestsPerSecond: flood.requestsPerSecond, p99Ms: flood.p99Ms },
      ...{ cpuMicroseconds: (cpuSeconds / flood.requests) * 1_000_000, answerBytes: sizeBytes },
    };
  },
};

async function answerSizeOfOurs(turn: Turn, load: Child<LoadMethods>): Promise<number> {
  const open = await turn.open(ours);
  const { port } = await open.startProcess().call("http", { ...open.choice, worker: "none" });
  const { sizeBytes } = await load.call("answerSizeOf", { port });
  await open.close();
  return sizeBytes;
}
