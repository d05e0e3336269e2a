import { status } from "@grpc/grpc-js";
import { createMemoryStore, LOCAL_PRINCIPAL, systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { CallError, endOf, type Message, readAll } from "./testing/test-client.js";
import { principalOf, startTestGrpcServer, type TestGrpcServer } from "./testing/test-grpc-server.js";

type Stream = ReturnType<ReturnType<TestGrpcServer["client"]>["stream"]>;

/** Resolves with the first message of this type; the stream goes on. */
function message(stream: Stream, type: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    stream.on("data", (update: Message) => update.type === type && resolve(update));
    stream.on("error", reject);
  });
}

const seqs = (updates: readonly Message[]) => updates.map(({ seq }) => seq);

const endedWatches = (server: TestGrpcServer) =>
  until(() => server.watchedCredentials() === 0, { what: "no watch is open" });

it("a watch that joins late sees everything, and a finished job's ends at once", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const whole = await client.all("SubmitJob", { type: "test.count", parameters_json: '{"steps":3}' });

  const again = await client.all("WatchJob", { job_id: whole[0].job_id });
  const behindTheEnd = await client.all("WatchJob", { job_id: whole[0].job_id, after_seq: whole.at(-1).seq });

  expect(again).toEqual(whole);
  expect(behindTheEnd).toEqual([]);
});

it("a watch resumes behind after_seq without a gap and without a repetition", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const first = client.stream("SubmitJob", { type: "test.gated", parameters_json: '{"gate":"a"}' });
  const started = await message(first, "job.started");
  first.cancel();
  first.on("error", () => {});

  const rest = client.all("WatchJob", { job_id: started.job_id, after_seq: started.seq });
  server.jobs.open("a");

  expect(seqs(await rest)).toEqual([started.seq + 1]);
});

it.each([
  ["beyond the log", 99],
  ["negative", -1],
])("an after_seq %s is refused, not waited for", async (_, after_seq) => {
  const client = (await startTestGrpcServer()).client();
  const { id } = await client.create("test.gated", { gate: "a" });

  const error = await endOf(client.stream("WatchJob", { job_id: id, after_seq }));

  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.details.BadRequest.field_violations[0].field).toBe("after_seq");
});

it("a caller who goes away ends the watch, never the job", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const stream = client.stream("SubmitJob", { type: "test.gated", parameters_json: '{"gate":"a"}' });
  const ended = endOf(stream);
  const { job_id } = await message(stream, "job.started");

  stream.cancel();
  expect((await ended).code).toBe(status.CANCELLED);
  await endedWatches(server);
  server.jobs.open("a");

  expect((await client.all("WatchJob", { job_id })).at(-1).type).toBe("job.completed");
});

it("a deadline ends the watch with DEADLINE_EXCEEDED, and the job goes on", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const { id } = await client.create("test.gated", { gate: "a" });

  const error = await endOf(client.stream("WatchJob", { job_id: id }, { deadline: new Date(Date.now() + 100) }));

  expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  await endedWatches(server);
  server.jobs.open("a");
  expect((await client.all("WatchJob", { job_id: id })).at(-1).type).toBe("job.completed");
});

it("a deadline ends a unary call that waits for the store", async () => {
  const store = createMemoryStore({ clock: systemClock });
  const client = (await startTestGrpcServer({ store })).client();
  store.jobs.list = () => new Promise(() => {});

  const call = client.call("ListJobs", {}, { deadline: new Date(Date.now() + 100) });

  await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
});

it("the store is asked no further for a reader that does not read, and nothing is lost for it", async () => {
  const store = createMemoryStore({ clock: systemClock });
  const server = await startTestGrpcServer({ store });
  const client = server.client();
  // 1,000 updates of 20 KB: twenty times what sockets, windows and 16 messages hold.
  const chunks = 1_000;
  const { id } = await client.create("test.talk", { chunks, bytes: 20_000 });
  await client.all("WatchJob", { job_id: id });
  let readUpTo = 0;
  const read = store.events.read;
  store.events.read = async (jobId, options) => {
    const page = await read(jobId, options);
    readUpTo = Math.max(readUpTo, page[0]?.seq ?? 0);
    return page;
  };

  // The client of grpc-js holds the connection back from its first message on.
  const reading = client.stream("WatchJob", { job_id: id })[Symbol.asyncIterator]();
  const seen = [(await reading.next()).value];
  const stalledAt = await standsStill(() => readUpTo);
  for (let next = await reading.next(); next.done !== true; next = await reading.next()) seen.push(next.value);

  expect(stalledAt).toBeLessThan(chunks / 2);
  expect(seqs(seen)).toEqual(Array.from({ length: chunks + 3 }, (_, index) => index + 1));
});

it("a hundred watches of one job all see it end, and leave nothing behind", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const { id } = await client.create("test.gated", { gate: "a" });

  const watches = Array.from({ length: 100 }, () => client.stream("WatchJob", { job_id: id }));
  const all = watches.map((stream) => readAll(stream));
  await until(() => server.watchedCredentials() === 100, { what: "all of them watch" });
  server.jobs.open("a");

  for (const updates of await Promise.all(all)) expect(updates.at(-1).type).toBe("job.completed");
  await endedWatches(server);
});

it("watches beyond streamsPerOwner are refused for that owner only", async () => {
  const tokens = { mw_ada: principalOf("ada"), mw_bob: principalOf("bob") };
  const server = await startTestGrpcServer({ streamsPerOwner: 1, tokens });
  const [ada, bob] = [server.client({ token: "mw_ada" }), server.client({ token: "mw_bob" })];
  const open = ada.stream("SubmitJob", { type: "test.gated", parameters_json: '{"gate":"a"}' });
  const { job_id } = await message(open, "job.started");

  const error = await endOf(ada.stream("WatchJob", { job_id }));

  expect([error.code, error.details.ErrorInfo.reason]).toEqual([status.RESOURCE_EXHAUSTED, "RATE_LIMITED"]);
  expect(error.details.RetryInfo).toBeDefined();
  expect(await bob.all("SubmitJob", { type: "test.echo" })).not.toEqual([]);
  server.jobs.open("a");
  await endedWatches(server);
  expect(await ada.all("WatchJob", { job_id })).not.toEqual([]);
});

it("a credential that ends takes its watches with it, and the job goes on", async () => {
  const server = await startTestGrpcServer({ tokens: { mw_ada: principalOf("ada"), mw_bob: principalOf("bob") } });
  const streams = ["mw_ada", "mw_bob"].map((token) =>
    server.client({ token }).stream("SubmitJob", { type: "test.gated", parameters_json: '{"gate":"a"}' }),
  );
  const [ada, bob] = streams as [Stream, Stream];
  const ended = endOf(ada);
  const [{ job_id }] = await Promise.all([message(ada, "job.started"), message(bob, "job.started")]);

  server.endCredential("ada");

  expect((await ended).code).toBe(status.UNAUTHENTICATED);
  const bobEnds = message(bob, "job.completed");
  server.jobs.open("a");
  await bobEnds;
  await until(
    async () => {
      const job = await server.service.engine.get(job_id, { principal: principalOf("ada") });
      return job.status === "COMPLETED";
    },
    { what: "the job of the ended credential is done" },
  );
});

it("a job that is erased ends its watch with NOT_FOUND", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const { id } = await client.create("test.echo");
  await client.all("WatchJob", { job_id: id });
  await server.service.engine.purge(id, { principal: LOCAL_PRINCIPAL });

  const error = await client.all("WatchJob", { job_id: id }).catch((thrown: unknown) => thrown as CallError);

  expect(error).toBeInstanceOf(CallError);
  expect((error as CallError).details.ErrorInfo.reason).toBe("JOB_PURGED");
});

/** The value once it has not changed for fifty looks. */
async function standsStill(value: () => number): Promise<number> {
  let last = Number.NaN;
  let looks = 0;
  return until(
    () => {
      looks = value() === last ? looks + 1 : 0;
      last = value();
      return looks < 50 ? undefined : last;
    },
    { what: "the reading stands still" },
  );
}
