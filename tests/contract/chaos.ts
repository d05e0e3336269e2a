// What goes wrong while a job is read on every channel: cut, torn, held and slowed connections, and a server that dies.
//
// 1. Everything happens at a `seq` of the job's log, not at a time: a slow machine gets the same, only later.
// 2. The seed decides what happens where. What a reader is in the middle of then is left to chance.
// 3. Nobody is held longer than the server's patience: a reader that is cut for that has been tested elsewhere.
import type { StreamJob } from "../harness/pair.js";
import type { TcpProxy } from "../harness/proxy.js";
import type { Random } from "../harness/random.js";
import type { SteadyServer } from "../harness/steady-server.js";

export interface Victim {
  readonly name: string;
  /** Its ways to the server. */
  readonly proxies: readonly TcpProxy[];
}

export interface ChaosOptions {
  random: Random;
  job: StreamJob;
  victims: readonly Victim[];
  /** Who dies, and how often. */
  mortals: readonly Mortal[];
}

export interface Mortal {
  readonly process: SteadyServer;
  readonly kills: number;
}

/** How often each thing happened. */
export type Deeds = Readonly<Record<Harm | "kill", number>>;

type Harm = "cut" | "tear" | "hold" | "slow";

interface Act {
  readonly atSeq: number;
  run(): Promise<void> | void;
}

/** Resolves when all is done, and everybody is let go again. */
export async function wreak(options: ChaosOptions): Promise<Deeds> {
  const deeds = { cut: 0, tear: 0, hold: 0, slow: 0, kill: 0 };
  const acts = [
    ...planHarms(options, deeds),
    ...options.mortals.flatMap((mortal) => planKills(mortal, options, deeds)),
  ].sort((a, b) => a.atSeq - b.atSeq);
  for (const { atSeq, run } of acts) {
    await options.job.logReaches(atSeq);
    await run();
  }
  for (const { proxies } of options.victims) for (const proxy of proxies) proxy.release();
  return deeds;
}

/** In the first and the last events nothing happens: a reader has begun, and the job ends in peace. */
const QUIET = 30;

/** Events between two harms, at most. */
const MOST_APART = 20;

/** Events that pass until a reader that is held or slowed is let go, at most: a few seconds. */
const LONGEST_HOLD = 100;

function planHarms({ random, job, victims }: ChaosOptions, deeds: Record<Harm, number>): Act[] {
  const acts: Act[] = [];
  // In turn, in an order of chance: nobody gets away.
  const turns = [...victims].sort(() => random.next() - 0.5);
  let turn = 0;
  for (let atSeq = QUIET; atSeq < job.total - QUIET; atSeq += 1 + random.below(MOST_APART)) {
    const { proxies } = turns[turn % turns.length]!;
    // The first time round everybody is cut.
    const harm = turn < turns.length ? "cut" : random.pick<Harm>(["cut", "cut", "tear", "tear", "hold", "slow"]);
    const afterBytes = random.below(3_000);
    const bytesPerSecond = 2_000 + random.below(20_000);
    const releaseAt = Math.min(atSeq + 1 + random.below(LONGEST_HOLD), job.total - QUIET);
    turn++;
    acts.push({
      atSeq,
      run() {
        deeds[harm]++;
        for (const proxy of proxies) harms[harm](proxy, { afterBytes, bytesPerSecond });
      },
    });
    const release = () => proxies.forEach((proxy) => void proxy.release());
    if (harm === "hold" || harm === "slow") acts.push({ atSeq: releaseAt, run: release });
  }
  return acts;
}

const harms: Record<Harm, (proxy: TcpProxy, size: { afterBytes: number; bytesPerSecond: number }) => void> = {
  cut: (proxy) => proxy.cut(),
  tear: (proxy, { afterBytes }) => proxy.tear({ afterBytes }),
  hold: (proxy) => proxy.hold(),
  slow: (proxy, { bytesPerSecond }) => proxy.slow({ bytesPerSecond }),
};

function planKills({ process, kills }: Mortal, { random, job }: ChaosOptions, deeds: { kill: number }): Act[] {
  const apart = (job.total - 2 * QUIET) / kills;
  return Array.from({ length: kills }, (_, index) => ({
    atSeq: Math.floor(QUIET + apart * (index + random.next())),
    async run() {
      deeds.kill++;
      await process.kill();
      await process.start();
    },
  }));
}
