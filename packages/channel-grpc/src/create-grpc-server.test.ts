import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { credentials, status } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { ERROR_CODES } from "@meanwhile/protocol";
import { Gate, until } from "@meanwhile/store-testkit";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { expect, it, onTestFinished } from "vitest";
import { createGrpcServer } from "./create-grpc-server.js";
import { loadDefinitions } from "./definitions.js";
import { resolveGrpcServerOptions } from "./options.js";
import { JOBS_PROTO, PROTO_FOLDER } from "./proto-files.js";
import { healthClient } from "./testing/health-client.js";
import { TEST_CERT, TEST_KEY } from "./testing/test-certificate.js";
import { CallError, endOf, readAll } from "./testing/test-client.js";
import { principalOf, startTestGrpcServer } from "./testing/test-grpc-server.js";

it("says SERVING for the server and the service, and knows no other", async () => {
  const health = healthClient((await startTestGrpcServer()).address);

  expect(await health.check("")).toBe("SERVING");
  expect(await health.check("meanwhile.v2.Jobs")).toBe("SERVING");
  await expect(health.check("meanwhile.v1.Jobs")).rejects.toMatchObject({ code: status.NOT_FOUND });
});

it("leaving is said, and everything is served on", async () => {
  const server = await startTestGrpcServer();
  const health = healthClient(server.address);

  server.leave();

  expect(await health.check("meanwhile.v2.Jobs")).toBe("NOT_SERVING");
  expect(await server.client().create("test.echo")).toMatchObject({ id: expect.any(String) });
});

it("draining is said first, ends the watches so that they resume, and takes no new work", async () => {
  const server = await startTestGrpcServer();
  const health = healthClient(server.address);
  const said = health.watch("meanwhile.v2.Jobs");
  await until(() => said.at(-1) === "SERVING", { what: "the health is told" });
  const client = server.client();
  const stream = client.stream("SubmitJob", { type: "test.gated", parameters_json: '{"gate":"a"}' });
  const ended = endOf(stream);
  const jobId = await new Promise<string>((resolve) => stream.on("data", ({ job_id }) => resolve(job_id)));

  server.drain();

  const error = await ended;
  expect([error.code, error.details.ErrorInfo.reason]).toEqual([status.UNAVAILABLE, "SHUTTING_DOWN"]);
  expect(error.details.RetryInfo.retry_delay.seconds).toBeGreaterThan(0);
  await until(() => said.at(-1) === "NOT_SERVING", { what: "the health is told" });
  const elsewhere = server.client({ channel: { "grpc.use_local_subchannel_pool": 1 } });
  await expect(elsewhere.create("test.echo")).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await expect(elsewhere.all("WatchJob", { job_id: jobId })).rejects.toMatchObject({ code: status.UNAVAILABLE });
  expect((await elsewhere.call("GetJob", { job_id: jobId })).id).toBe(jobId);
});

it("closing ends at once where nobody calls, whoever watches the health", async () => {
  const server = await startTestGrpcServer({ closeWithinMs: 600_000 });
  const health = healthClient(server.address);
  const said = health.watch("");
  await until(() => said.length > 0, { what: "the health is told" });

  await server.close();
  await server.close();

  await until(() => said.at(-1) === "NOT_SERVING", { what: "the health is told, last of all" });
  await expect(server.client().call("ListJobs", {})).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

it("a call under way is answered before the server is closed", async () => {
  const server = await startTestGrpcServer({ closeWithinMs: 600_000 });
  const client = server.client();
  const { engine } = server.service;
  const [arrived, answering] = [new Gate(), new Gate()];
  Object.assign(engine, {
    list: async () => {
      arrived.open();
      await answering.passed;
      return { items: [], nextCursor: "further" };
    },
  });
  const call = client.call("ListJobs", {});
  await arrived.passed;

  const closed = server.close();
  answering.open();

  expect(await call).toMatchObject({ next_page_token: "further" });
  await closed;
});

it("a call that does not end holds the closing up no longer than closeWithinMs", async () => {
  const server = await startTestGrpcServer({ closeWithinMs: 50 });
  const client = server.client();
  const { engine } = server.service;
  const arrived = new Gate();
  Object.assign(engine, {
    list: () => {
      arrived.open();
      return new Promise(() => {});
    },
  });
  const call = client.call("ListJobs", {}).catch((error: unknown) => error as CallError);
  await arrived.passed;

  await server.close();

  expect(await call).toBeInstanceOf(CallError);
});

it("speaks TLS with a certificate of its own, and only TLS", async () => {
  const server = await startTestGrpcServer({ tls: { key: TEST_KEY, cert: TEST_CERT } });
  const channel = { "grpc.ssl_target_name_override": "localhost" };
  const trusting = server.client({ credentials: credentials.createSsl(Buffer.from(TEST_CERT)), channel });

  const updates = await readAll(trusting.stream("SubmitJob", { type: "test.echo" }));

  expect(updates.at(-1).type).toBe("job.completed");
  await expect(server.client().call("ListJobs", {})).rejects.toMatchObject({ code: status.UNAVAILABLE });
  const strange = server.client({ credentials: credentials.createSsl(), channel });
  await expect(strange.call("ListJobs", {})).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

it("without credentials only loopback is listened on", async () => {
  const open = await startTestGrpcServer();
  const closed = await startTestGrpcServer({ tokens: { mw_ada: principalOf("ada") } });

  await expect(open.listen({ port: 0, host: "0.0.0.0" })).rejects.toThrow(/may not listen on 0\.0\.0\.0.*API_KEYS/);
  await expect(closed.listen({ port: 0, host: "0.0.0.0" })).rejects.not.toThrow(/may not listen/);
});

it("a port that is taken is told by the code of the error, and nothing is printed", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await until(() => other.listening, { what: "the other listens" });
  const { port } = other.address() as { port: number };
  const { service } = await startTestGrpcServer();
  const server = createGrpcServer({
    ...service,
    authenticator: { isClosed: () => true, authenticate: () => principalOf("ada") },
    liveCredentials: { watch: () => () => {} },
  });
  onTestFinished(() => server.close());

  await expect(server.listen({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

it.each([
  [{ tls: { key: "./key.pem", cert: TEST_CERT } }, /tls\.key must be PEM text.*not its path/],
  [{ streamsPerOwner: 0 }, /streamsPerOwner must be a whole number of at least 1/],
  [{ keepAliveTimeMs: 5 }, /keepAliveTimeMs must be/],
])("wrong options are named: %#", (options, message) => {
  expect(() => resolveGrpcServerOptions(options)).toThrow(message);
});

it("every error code has a status of gRPC", () => {
  for (const { grpcStatus } of Object.values(ERROR_CODES)) expect(status).toHaveProperty(grpcStatus);
});

it("the details are those of google.rpc, byte for byte", () => {
  const rpc = loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"], { includeDirs: [PROTO_FOLDER] });
  const hex = (name: string, message: object) =>
    (rpc[`google.rpc.${name}`] as MessageTypeDefinition<object, object>).serialize(message).toString("hex");

  // Field numbers as in googleapis: reason 1, domain 2, metadata 3; field_violations 1; retry_delay 1; code 1, message 2, details 3.
  expect(hex("ErrorInfo", { reason: "R", domain: "D", metadata: { k: "v" } })).toBe("0a01521201441a060a016b120176");
  expect(hex("BadRequest", { fieldViolations: [{ field: "f", description: "d" }] })).toBe("0a060a0166120164");
  expect(hex("RetryInfo", { retryDelay: { seconds: 2 } })).toBe("0a020802");
  expect(hex("Status", { code: 5, message: "m", details: [{ type_url: "t", value: Buffer.from("v") }] })).toBe(
    "080512016d1a060a0174120176",
  );
});

it("the proto file imports nothing: it can be copied by itself", () => {
  expect(Object.keys(loadSync(JOBS_PROTO))).toContain("meanwhile.v2.Jobs");
});

it("reflection tells which fields are optional, as the file does", () => {
  const { fileDescriptorProtos } = loadDefinitions().reflected["meanwhile.v2.Job"] as {
    fileDescriptorProtos: Buffer[];
  };
  const [file] = fileDescriptorProtos.map((bytes) => descriptor.FileDescriptorProto.decode(bytes).toJSON());

  const fields = file!.messageType.flatMap(
    (message: { name: string; field: { name: string; proto3Optional?: true }[] }) =>
      message.field.map(({ name, proto3Optional }) => [`${message.name}.${name}`, proto3Optional === true]),
  );

  const declared = [...readFileSync(JOBS_PROTO, "utf8").matchAll(/^ {2}optional \w+ (\w+) =/gm)].map(
    ([, name]) => name,
  );
  const told = fields
    .filter(([, isOptional]: [string, boolean]) => isOptional)
    .map(([name]: [string]) => name.split(".")[1]);
  expect(told).toEqual(declared);
  expect(told).toContain("delay_ms");
});
