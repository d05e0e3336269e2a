// What every pull channel promises, whatever it speaks: a channel calls this suite with a server and a client of its own.
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { type PullOwner, type PullService, startPullService } from "./pull-service.js";

/** The channel, served on a real socket. Whatever it starts ends with the test. */
export interface PullServer {
  /** Connects, with a client that nobody here wrote where there is one, and follows a job. */
  follow(jobId: string, options: { owner: PullOwner; after: number }): PullClient;
  /** The process is about to go away: open followers are told, and come back elsewhere. */
  drain(): void | Promise<void>;
}

export interface PullClient {
  /** What arrived so far. */
  readonly events: readonly { readonly seq: number; readonly type: string }[];
  /** How it ended. Never rejects. */
  readonly ended: Promise<PullEnd>;
  /** Takes nothing from the connection any more, until `read`. */
  stall(): void;
  read(): void;
  /** The connection breaks, without a word. */
  cut(): void;
}

/**
 * `finished`: the job's last event is known. `refused`: with this error code. `lost`: the connection ended otherwise, and
 * the client may come back with its cursor.
 */
export type PullEnd = { readonly kind: "finished" | "lost" } | { readonly kind: "refused"; readonly code: string };

export type StartPullServer = (service: PullService) => Promise<PullServer>;

export function describePullChannel(name: string, start: StartPullServer): void {
  describe(`pull channel ${name}`, () => {
    describeFollowing(start);
    describeResuming(start);
    describeRefusals(start);
  });
}

async function setUp(start: StartPullServer) {
  const service = await startPullService();
  return { service, server: await start(service) };
}

const own = { owner: "acme", after: 0 } as const;
const seqsOf = ({ events }: PullClient) => events.map(({ seq }) => seq);
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const has = (client: PullClient, count: number) =>
  until(() => client.events.length >= count, { what: `${count} events have arrived, not ${client.events.length}` });

function describeFollowing(start: StartPullServer): void {
  it("gives what is stored, then each event as it happens, and ends after the last", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    const client = server.follow(job.id, own);
    await has(client, 2);

    await job.output(3);
    await has(client, 5);
    const last = await job.complete();

    expect(await client.ended).toEqual({ kind: "finished" });
    expect(seqsOf(client)).toEqual(upTo(last));
    expect(client.events.map(({ type }) => type)).toEqual([
      "job.submitted",
      "job.started",
      ...["job.output", "job.output", "job.output"],
      "job.completed",
    ]);
  });

  it("gives a finished job's events from the first to the last", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    // More than one page of the store.
    await job.output(450);
    const last = await job.complete();

    const client = server.follow(job.id, own);

    expect(await client.ended).toEqual({ kind: "finished" });
    expect(seqsOf(client)).toEqual(upTo(last));
  });

  it("gives many followers of one job the same", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    const clients = Array.from({ length: 20 }, () => server.follow(job.id, own));
    await Promise.all(clients.map((client) => has(client, 1)));

    for (let round = 0; round < 10; round++) await job.output(7);
    const last = await job.complete();

    for (const client of clients) {
      expect(await client.ended).toEqual({ kind: "finished" });
      expect(seqsOf(client)).toEqual(upTo(last));
    }
  });
}

function describeResuming(start: StartPullServer): void {
  it("continues behind the event that was seen last", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    await job.output(5);
    const client = server.follow(job.id, { ...own, after: 4 });
    await has(client, 3);

    const last = await job.complete();

    expect(await client.ended).toEqual({ kind: "finished" });
    expect(seqsOf(client)).toEqual(upTo(last, 5));
  });

  it("ends at once, with nothing, for whoever has it all", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    const last = await job.complete();

    const client = server.follow(job.id, { ...own, after: last });

    expect(await client.ended).toEqual({ kind: "finished" });
    expect(client.events).toEqual([]);
  });

  it("skips and repeats nothing for a client that is cut again and again", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    const seen: number[] = [];

    for (let round = 0; round < 8; round++) {
      const client = server.follow(job.id, { ...own, after: seen.at(-1) ?? 0 });
      const written = job.output(60);
      await has(client, 10 + round);
      client.cut();
      await Promise.all([client.ended, written]);
      seen.push(...seqsOf(client));
    }
    const last = await job.complete();
    const client = server.follow(job.id, { ...own, after: seen.at(-1) ?? 0 });
    await client.ended;

    expect([...seen, ...seqsOf(client)]).toEqual(upTo(last));
  });

  it("loses nothing for a client that reads slowly: it waits, or is cut and resumes", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    const client = server.follow(job.id, own);
    await has(client, 2);

    client.stall();
    // More than sockets and channels hold.
    for (let round = 0; round < 12; round++) await job.output(20, "y".repeat(48 * 1024));
    const last = await job.complete();
    client.read();
    const end = await client.ended;
    const seen = seqsOf(client);
    if (end.kind !== "finished") {
      const again = server.follow(job.id, { ...own, after: seen.at(-1) ?? 0 });
      await again.ended;
      seen.push(...seqsOf(again));
    }

    expect(seen).toEqual(upTo(last));
  });

  it("sends a client elsewhere when the server drains, where it continues", async () => {
    const { service, server } = await setUp(start);
    const elsewhere = await start(service);
    const job = await service.startJob();
    const client = server.follow(job.id, own);
    await has(client, 2);

    await server.drain();
    const end = await client.ended;
    const again = elsewhere.follow(job.id, { ...own, after: 2 });
    await job.output(2);
    const last = await job.complete();

    expect(end.kind).not.toBe("finished");
    expect(await again.ended).toEqual({ kind: "finished" });
    expect([...seqsOf(client), ...seqsOf(again)]).toEqual(upTo(last));
  });
}

function describeRefusals(start: StartPullServer): void {
  it("answers for another owner's job, and for none, as if there were none", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();

    const foreign = server.follow(job.id, { owner: "shop", after: 0 });
    const missing = server.follow("0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d", own);

    expect(await foreign.ended).toEqual({ kind: "refused", code: "job_not_found" });
    expect(await missing.ended).toEqual({ kind: "refused", code: "job_not_found" });
    expect([...foreign.events, ...missing.events]).toEqual([]);
  });

  it("says so where the job was purged while the client was away", async () => {
    const { service, server } = await setUp(start);
    const job = await service.startJob();
    const client = server.follow(job.id, own);
    await has(client, 2);
    client.cut();
    await job.complete();
    await service.engine.purge(job.id, { principal: service.principalOf("acme") });

    const again = server.follow(job.id, { ...own, after: 2 });

    expect(await again.ended).toEqual({ kind: "refused", code: "job_purged" });
  });
}
