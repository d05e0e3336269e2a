// Every process is replaced, one after the other, behind a balancer and under load: no caller ever sees a failed request, and no
// follower misses an event.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, createClient, type FetchFunction, type Notice } from "@meanwhile/client";
import { until } from "@meanwhile/store-testkit";
import { expect, it, onTestFinished } from "vitest";
import { type Balancer, startBalancer } from "../harness/balancer.js";
import { HOSTS_ARE, type Hosts, startHosts } from "../harness/hosts.js";
import { killLeftovers } from "../harness/process.js";
import { type Served, type ServeOptions, serve } from "../harness/serve.js";
import { describeOnStore, type Home, POSTGRES, POSTGRES_URL, testHome } from "../harness/stores.js";
import { upTo } from "../readers/start-reader.js";

const API_KEY = `mw_${"k".repeat(40)}`;
const CALLERS = 4;
/** The balancer here looks every 100 ms; on a busy machine its look takes far longer than its pause. */
const DRAIN_DELAY_MS = 2_500;

describeOnStore(POSTGRES, (kind) => {
  it(`two APIs and two workers are replaced under load without a failed request (${HOSTS_ARE})`, {
    timeout: 240_000,
  }, async () => {
    const home = testHome(kind);
    const { hosts, balancer } = await startSurroundings();
    const start = (letter: "a" | "b", role: "api" | "worker") => startOn(hosts, { letter, role, home });
    let apis = [await start("a", "api"), await start("b", "api")];
    let workers = [await start("a", "worker"), await start("b", "worker")];
    for (const { api } of apis) balancer.add(api.address);
    await until(() => balancer.ready.length === 2, { what: "both servers are ready", limitMs: 10_000 });
    const watched = watch(balancer.url);
    const load = startLoad(watched.client);
    const follower = await followAcross(watched.client, home);

    for (const [index, leaving] of apis.entries()) {
      await load.goesOn();
      // As a supervisor does it: tell it to stop, wait for its end, start the next.
      expect(await leaving.stop()).toEqual({ code: 0, signal: null });
      balancer.remove(leaving.api.address);
      const coming = await start(index === 0 ? "a" : "b", "api");
      balancer.add(coming.api.address);
      apis = apis.with(index, coming);
      await until(() => balancer.ready.length === 2, { what: "the new server is ready", limitMs: 10_000 });
    }
    for (const [index, leaving] of workers.entries()) {
      await load.goesOn();
      expect(await leaving.stop()).toEqual({ code: 0, signal: null });
      workers = workers.with(index, await start(index === 0 ? "a" : "b", "worker"));
    }
    await load.goesOn();
    const done = await load.end();
    const seqs = await follower.end();

    expect(watched.faults).toEqual([]);
    expect(balancer.turnedAway).toBe(0);
    expect(done.gaps).toEqual([]);
    expect(seqs).toEqual(upTo(seqs.length));
    expect(done.jobs).toBeGreaterThan(CALLERS);
    await Promise.all([...apis, ...workers].map((each) => each.stop()));
    process.stderr.write(
      `rolling restart: ${watched.requests()} requests for ${done.jobs} jobs, none failed; one follower saw ${seqs.length} events over it\n`,
    );
  });
});

async function startSurroundings(): Promise<{ hosts: Hosts; balancer: Balancer }> {
  const { hostname, port } = new URL(POSTGRES_URL);
  const hosts = await startHosts({ host: hostname, port: Number(port) || 5432 });
  const balancer = await startBalancer();
  onTestFinished(async () => {
    killLeftovers();
    await balancer.close();
    await hosts.remove();
  });
  return { hosts, balancer };
}

interface Place extends Pick<ServeOptions, "role"> {
  letter: "a" | "b";
  home: Home;
}

function startOn(hosts: Hosts, { letter, role, home }: Place): Promise<Served> {
  const times = role === "api" ? { drainDelayMs: DRAIN_DELAY_MS } : { shutdownGraceMs: 1_000 };
  return serve({ ...home, ...times, role: role!, host: hosts[letter], apiKey: API_KEY });
}

/** A client that notes whatever went wrong below it, also what it would have made good by asking again. */
function watch(baseUrl: string) {
  const faults: unknown[] = [];
  let requests = 0;
  const watchedFetch: FetchFunction = async (url, init) => {
    requests++;
    try {
      const answer = await fetch(url, init);
      // 204: a stream that has nothing more to say.
      if (!answer.ok) faults.push({ url, method: init.method, status: answer.status });
      return answer;
    } catch (error) {
      if (!init.signal?.aborted) faults.push({ url, method: init.method, error: describeFault(error) });
      throw error;
    }
  };
  const onNotice = (notice: Notice) => {
    if (notice.kind !== "retry") faults.push(notice);
  };
  return {
    client: createClient({ baseUrl, token: API_KEY, transport: "sse", fetch: watchedFetch, onNotice }),
    faults,
    requests: () => requests,
  };
}

const describeFault = (error: unknown) => {
  const { message, cause } = error as Error;
  return `${message}: ${String((cause as Error | undefined)?.message ?? cause)}`;
};

interface Load {
  /** Waits until each caller has brought one more job to its end. */
  goesOn(): Promise<void>;
  end(): Promise<{ jobs: number; gaps: readonly unknown[] }>;
}

/** Callers that submit, poll and follow without pause. */
function startLoad(client: Client): Load {
  const jobs = Array.from({ length: CALLERS }, () => 0);
  const gaps: unknown[] = [];
  let isOver = false;
  const call = async (caller: number): Promise<void> => {
    while (!isOver) {
      const job = await client.submit("test.steps", { steps: 2, stepMs: 20 });
      await job.get();
      const seqs: number[] = [];
      for await (const { seq } of job.events()) seqs.push(seq);
      const { status, lastSeq } = await job.get();
      const isWhole = seqs.length === lastSeq && seqs.every((seq, index) => seq === index + 1);
      if (status !== "COMPLETED" || !isWhole) gaps.push({ status, lastSeq, seqs });
      jobs[caller]!++;
    }
  };
  const calling = Promise.all(jobs.map((_, caller) => call(caller)));
  // Told where it is waited for.
  calling.catch(() => {});
  return {
    async goesOn() {
      const before = [...jobs];
      const hasMoved = () => jobs.every((count, caller) => count > before[caller]!);
      await Promise.race([calling, until(hasMoved, { what: "every caller has gone on", limitMs: 60_000 })]);
    },
    async end() {
      isOver = true;
      await calling;
      return { jobs: jobs.reduce((sum, count) => sum + count, 0), gaps };
    },
  };
}

/** One follower from before the first restart until after the last. */
async function followAcross(client: Client, { folder }: Home): Promise<{ end(): Promise<readonly number[]> }> {
  const begin = join(folder, "begin");
  const job = await client.submit("test.stream", {
    count: 2_000,
    everyMs: 200,
    gates: [{ before: 1, file: begin }],
  });
  const seqs: number[] = [];
  const following = (async () => {
    for await (const { seq } of job.events()) seqs.push(seq);
    return seqs;
  })();
  following.catch(() => {});
  writeFileSync(begin, "");
  await until(() => seqs.length > 3, { what: "the follower sees events", limitMs: 10_000 });
  return {
    async end() {
      const before = seqs.length;
      await until(() => seqs.length > before, { what: "the follower still sees events", limitMs: 10_000 });
      await job.cancel();
      return following;
    },
  };
}
