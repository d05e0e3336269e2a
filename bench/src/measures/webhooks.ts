// Measure "webhooks": jobs that end at a steady pace, each with a webhook to one receiver; and as fast as it goes.
import { bareUndici, oursPushing } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";
import { canReadCpuSeconds } from "../processes.js";

const PER_SECOND = 1_000;
const WARMUP = 1_000;
const CALLERS = 100;
const pacedCount = (pace: Pace) => (pace === "quick" ? 3_000 : 10_000);
const unpacedCount = (pace: Pace) => (pace === "quick" ? 3_000 : 10_000);
const RECEIVE_LIMIT_MS = 60_000;

export const webhooks: Measure = {
  id: "webhooks",
  title: "Webhooks to one receiver",
  explanation: (pace) =>
    `Jobs with a webhook each are submitted within the process, ${pacedCount(pace).toLocaleString("en-GB")} at ${PER_SECOND.toLocaleString("en-GB")}/s, then ` +
    `${unpacedCount(pace).toLocaleString("en-GB")} by ${CALLERS} callers without a pause; ${WARMUP} more before as warm-up. The receiver is a bare ` +
    "`node:http` server in a process of its own, which answers 204 at once. Latency runs from the terminal event's time to the end of " +
    "the request that tells of it. CPU is that of the sending process; a job's whole life (submit, run, record of the sending) is in it.",
  entrants: [bareUndici, oursPushing],
  metrics: [
    { id: "perSecond", label: "paced, received/s", better: "higher", digits: 0 },
    { id: "p50Ms", label: "p50 ms", better: "lower", digits: 1 },
    { id: "p99Ms", label: "p99 ms", better: "lower", digits: 1 },
    { id: "cpuSeconds", label: "CPU s/1000", better: "lower", digits: 3 },
    { id: "mostPerSecond", label: "unpaced, received/s", better: "higher", digits: 0 },
    { id: "mostCpuSeconds", label: "CPU s/1000", better: "lower", digits: 3 },
    { id: "bodyBytes", label: "bytes/body", better: "lower", digits: 0 },
  ],
  bars: [
    { metric: "perSecond", ours: oursPushing, over: [bareUndici] },
    { metric: "p50Ms", ours: oursPushing, over: [bareUndici] },
    { metric: "mostPerSecond", ours: oursPushing, over: [bareUndici] },
    { metric: "mostCpuSeconds", ours: oursPushing, over: [bareUndici] },
  ],
  takesLong: true,
  async run(turn, entrant, pace) {
    if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
    const load = turn.openLoad();
    const open = await turn.open(entrant);
    const { url } = await load.call("openReceiver", null);
    const sender = open.startProcess();
    await sender.call("webhooks", { ...open.choice, url });
    const receive = (count: number) => load.call("receiveWebhooks", { count }, { timeoutMs: RECEIVE_LIMIT_MS });
    const timed = async (count: number, send: () => Promise<unknown>) => {
      const cpuBefore = await open.cpuSeconds();
      const [received] = await Promise.all([receive(count), send()]);
      const cpuSeconds = (((await open.cpuSeconds()) - cpuBefore) / count) * 1_000;
      return { ...received, cpuSeconds, perSecond: (count / received.elapsedMs) * 1_000 };
    };
    const unpaced = (count: number) => timed(count, () => sender.call("sendFromCallers", { callers: CALLERS, count }));

    await unpaced(WARMUP);
    const paced = await timed(pacedCount(pace), () =>
      sender.call("sendAtPace", { count: pacedCount(pace), everyMs: 1_000 / PER_SECOND }),
    );
    const most = await unpaced(unpacedCount(pace));
    await open.close();
    await load.call("closeReceiver", null);
    return {
      ...{ perSecond: paced.perSecond, p50Ms: paced.p50Ms, p99Ms: paced.p99Ms, cpuSeconds: paced.cpuSeconds },
      ...{ mostPerSecond: most.perSecond, mostCpuSeconds: most.cpuSeconds, bodyBytes: paced.bodyBytes },
    };
  },
};
