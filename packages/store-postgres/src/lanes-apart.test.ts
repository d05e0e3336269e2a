// Whoever queues deliveries waits for nobody who queues for the same receiver, and none of them is overlooked.
import type { DeliveryClaim } from "@meanwhile/core";
import { makeNewJob, makeToken } from "@meanwhile/store-testkit";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeOnServer, openMigrated, runSql, SERVER_URL } from "./testing/server.js";

const webhook = { url: "https://example.com/hook", events: ["job.submitted" as const], secret: null };

describeOnServer("transactions that queue for one receiver", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  const clients: pg.Client[] = [];
  beforeEach(async () => {
    opened = await openMigrated();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await opened.close();
  });

  const begin = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: SERVER_URL });
    clients.push(client);
    await client.connect();
    await client.query("begin");
    return client;
  };
  const submit = async (): Promise<string> => {
    const item = makeNewJob({ webhook });
    await opened.store.jobs.insert([[item]]);
    return item.job.id;
  };
  const submitIn = async (client: pg.Client): Promise<string> => {
    const item = makeNewJob({ webhook });
    await opened.store.transactions!.insertInto(client, [item]);
    return item.job.id;
  };
  const claim = (perLane = 100): Promise<DeliveryClaim> =>
    opened.store.deliveries.claim({
      leaseToken: makeToken(),
      leaseMs: 60_000,
      channels: ["webhook"],
      ...{ limit: 100, perLane, lanes: new Map(), perOwner: 100, owners: new Map() },
    });
  const claimedJobs = async (): Promise<readonly string[]> =>
    (await claim()).deliveries.map(({ jobId }) => jobId).sort();

  it("do not wait for one another", async () => {
    const [first, second] = [await begin(), await begin()];
    const before = await submit();
    const open = [await submitIn(first), await submitIn(second)];

    const beside = await submit();
    expect(await claimedJobs()).toEqual([before, beside].sort());

    await first.query("commit");
    await second.query("commit");
    expect(await claimedJobs()).toEqual([...open].sort());
  });

  it("are not overlooked where they commit behind a claim that emptied the lane, and leave nothing where they roll back", async () => {
    const [late, undone] = [await begin(), await begin()];
    const job = await submitIn(late);
    await submitIn(undone);
    await submit();
    await claim();

    await late.query("commit");
    await undone.query("rollback");

    expect(await claimedJobs()).toEqual([job]);
    expect((await claim()).nextDueAt).toBeGreaterThan(Date.now());
    expect(await runSql(`select * from ${opened.schema}.meanwhile_raised_lanes`)).toEqual([]);
  });

  it("are each claimed once while claims and submits run at the same time", async () => {
    const wanted: string[] = [];
    const taken: string[] = [];
    let isSubmitting = true;
    const submitting = Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let count = 0; count < 25; count++) wanted.push(await submit());
      }),
    ).finally(() => {
      isSubmitting = false;
    });
    const claiming = Promise.all(
      Array.from({ length: 3 }, async () => {
        for (let isLast = false; !isLast; ) {
          // What a claim that begins after the last submit does not bring is leased by another one.
          isLast = !isSubmitting;
          let claimed: DeliveryClaim;
          do {
            claimed = await claim(7);
            taken.push(...claimed.deliveries.map(({ jobId }) => jobId));
          } while (claimed.deliveries.length > 0);
        }
      }),
    );
    await Promise.all([submitting, claiming]);
    taken.push(...(await claimedJobs()));

    expect(taken.sort()).toEqual(wanted.sort());
  });
});
