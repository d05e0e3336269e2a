// Measure "live-followers": how late thousands of followers of one job get its events, and what that costs.
import { bareSse, oursFollowed } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";
import { canReadCpuSeconds } from "../processes.js";

const EVERY_MS = 20;
const WARMUP_EVENTS = 50;
const followerCount = (pace: Pace) => (pace === "quick" ? 500 : 2_000);
const eventCount = (pace: Pace) => (pace === "quick" ? 150 : 500);

export const liveFollowers: Measure = {
  id: "live-followers",
  title: "Followers of one busy job (SSE)",
  explanation: (pace) =>
    `${followerCount(pace).toLocaleString("en-GB")} followers of one job whose handler calls \`output\` every ${EVERY_MS} ms, ` +
    `${eventCount(pace)} times after ${WARMUP_EVENTS} as warm-up; each follower must get every event once and in order. Latency runs from the ` +
    "call, so it holds the commit (ours is on the disk before anybody sees the event), to the moment at which the follower's process reads the event. " +
    "Acknowledged is the call itself: when the handler may go on. " +
    "CPU is that of the server, with its store. The followers share one process, whose own work is in the latencies of all entrants alike.",
  entrants: [bareSse, oursFollowed],
  metrics: [
    { id: "p50Ms", label: "delivered p50 ms", better: "lower", digits: 1 },
    { id: "p99Ms", label: "p99 ms", better: "lower", digits: 1 },
    { id: "takenP50Ms", label: "acknowledged p50 ms", better: "lower", digits: 1 },
    { id: "eventsPerSecond", label: "events/s", better: "higher", digits: 1 },
    { id: "framesPerSecond", label: "frames/s", better: "higher", digits: 0 },
    { id: "cpuMicroseconds", label: "CPU µs/frame", better: "lower", digits: 2 },
    { id: "frameBytes", label: "bytes/frame", better: "lower", digits: 0 },
  ],
  bars: [
    { metric: "p50Ms", ours: oursFollowed, over: [bareSse] },
    { metric: "p99Ms", ours: oursFollowed, over: [bareSse] },
    { metric: "cpuMicroseconds", ours: oursFollowed, over: [bareSse] },
  ],
  takesLong: true,
  async run(turn, entrant, pace) {
    if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
    const load = turn.openLoad();
    const open = await turn.open(entrant);
    const server = open.startProcess();
    const { port } = await server.call("followed", open.choice);
    const { path } = await server.call("liveJob", null);
    const followers = followerCount(pace);
    await load.call("openFollowers", { port, paths: [path], count: followers });
    await server.call("emit", { count: WARMUP_EVENTS, everyMs: EVERY_MS });
    await load.call("receiveEvents", { count: WARMUP_EVENTS });

    const cpuBefore = await open.cpuSeconds();
    const count = eventCount(pace);
    const emitted = await server.call("emit", { count, everyMs: EVERY_MS });
    const received = await load.call("receiveEvents", { count });
    const cpuSeconds = (await open.cpuSeconds()) - cpuBefore;
    await load.call("closeFollowers", null);
    await open.close();
    return {
      ...{ p50Ms: received.p50Ms, p99Ms: received.p99Ms, takenP50Ms: emitted.takenP50Ms },
      ...{ frameBytes: received.frameBytes, cpuMicroseconds: (cpuSeconds * 1_000_000) / (count * followers) },
      eventsPerSecond: (count / emitted.elapsedMs) * 1_000,
      framesPerSecond: ((count * followers) / received.elapsedMs) * 1_000,
    };
  },
};
