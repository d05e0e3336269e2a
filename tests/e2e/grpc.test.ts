// gRPC by `@grpc/grpc-js` with nothing but the address: the service by reflection, health by the standard protocol.
import { credentials, makeGenericClientConstructor, type ServiceError, status } from "@grpc/grpc-js";
import { until } from "@meanwhile/store-testkit";
import { service as healthService } from "grpc-health-check";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Pair, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { describeOnEveryStore, suiteHome } from "../harness/stores.js";
import { connectByReflection, type Message, readByGrpc } from "../readers/grpc.js";
import { startReader, upTo } from "../readers/start-reader.js";

describeOnEveryStore((kind) => {
  const home = suiteHome(kind);
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair({ ...home, grpc: true });
  });
  afterAll(async () => {
    await pair.stop();
    killLeftovers();
  });

  async function connect() {
    const { port } = await pair.server.proxy("grpc");
    const client = await connectByReflection(`127.0.0.1:${port}`);
    onTestFinished(() => client.close());
    return client;
  }

  describe("a client that knows the address alone", () => {
    it("submits a job and is told every step of it", async () => {
      const client = await connect();

      const updates: Message[] = [];
      const parameters_json = JSON.stringify({ steps: 2, failAttempts: 1 });
      for await (const update of client.stream("SubmitJob", { type: "test.steps", parameters_json }))
        updates.push(update);

      expect(updates.map(({ seq }) => seq)).toEqual(upTo(updates.length));
      expect(updates.at(-1)).toMatchObject({ type: "job.completed", status: "COMPLETED", progress: 1 });
      expect(JSON.parse(String(updates.at(-1).result))).toEqual({ steps: 2, attempt: 2 });
      const events = await pair.api.events(updates[0].job_id);
      expect(updates.map(({ data_json }) => JSON.parse(data_json))).toEqual(events.map(({ data }) => data));
    });

    it("reads over gRPC what was submitted over HTTP, and cancels it", async () => {
      const client = await connect();
      const { body } = await pair.api.submit("test.wait", { ms: 60_000 }, { tags: ["from http"] });
      await pair.api.reaches(body.id, "PROCESSING");

      const { jobs } = await client.call("ListJobs", { tag: "from http" });
      await client.call("CancelJob", { job_id: body.id });

      expect(jobs).toMatchObject([{ id: body.id, status: "PROCESSING", parameters_json: '{"ms":60000}' }]);
      await pair.api.reaches(body.id, "CANCELLED");
    });

    it("is told why a submit was refused", async () => {
      const client = await connect();

      const refusal = client.call("CreateJob", { type: "test.nothing" });

      await expect(refusal).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const error = (await refusal.catch((thrown: unknown) => thrown)) as ServiceError;
      expect(String(error.metadata.get("grpc-status-details-bin")[0])).toContain("UNKNOWN_JOB_TYPE");
    });
  });

  describe("a watch", () => {
    it("has every update once and in order, although it is cut, the server is killed and the next one goes away", async () => {
      const { server } = pair;
      const job = await pair.submitStream({ count: 40, stopBefore: [11, 21, 31] });
      const reads = await startReader(readByGrpc, { server, jobId: job.id });

      await reads.reached(job.seqOf(10));
      reads.grpc.cut();
      job.letOn(11);
      await reads.reached(job.seqOf(20));
      await server.kill();
      job.letOn(21);
      await job.logReaches(job.seqOf(30));
      await server.start();
      await reads.reached(job.seqOf(30));
      await server.replace();
      job.letOn(31);
      await reads.over();

      expect(reads.seqs).toEqual(upTo(job.total));
      expect(reads.grpc.cuts).toBeGreaterThan(0);
    });
  });

  describe("grpc.health.v1", () => {
    it("says SERVING, and NOT_SERVING before the server goes away", async () => {
      const { port } = await pair.server.proxy("grpc");
      const Health = makeGenericClientConstructor(healthService, "grpc.health.v1.Health");
      const client = new Health(`127.0.0.1:${port}`, credentials.createInsecure()) as Message;
      onTestFinished(() => client.close());
      const said: string[] = [];
      const watch = client.watch({ service: "meanwhile.v2.Jobs" });
      watch.on("data", ({ status: word }: Message) => said.push(word)).on("error", () => {});
      await until(() => said.length > 0, { what: "the health is told" });

      await pair.server.replace();

      await until(() => said.length > 1, { what: "the change of health is told" });
      expect(said.slice(0, 2)).toEqual(["SERVING", "NOT_SERVING"]);
    });
  });
});
