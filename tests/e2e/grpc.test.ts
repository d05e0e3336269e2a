// gRPC beside HTTP, in real processes: a client that knows the service by reflection only, another by its health.
import { createHash, randomBytes } from "node:crypto";
import {
  type ClientReadableStream,
  credentials,
  Metadata,
  makeClientConstructor,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { service as healthService } from "grpc-health-check";
import { GrpcReflection } from "grpc-js-reflection-client";
import { afterAll, describe, expect, it } from "vitest";
import { suiteFolder } from "../harness/folder.js";
import { killLeftovers } from "../harness/process.js";
import { type Served, type ServeOptions, serve } from "../harness/serve.js";

const folder = suiteFolder();
const SERVICE = "meanwhile.v2.Jobs";
const KEY = `mw_${createHash("sha256").update(randomBytes(16)).digest("hex")}`;

// biome-ignore lint/suspicious/noExplicitAny: what a client without generated types gets
type Message = any;

afterAll(killLeftovers);

async function serveGrpc(options: Partial<ServeOptions> = {}): Promise<Served & { grpc: string }> {
  const server = await serve({ folder, ...options, env: { MEANWHILE_GRPC_PORT: "0", ...options.env } });
  const grpc = /gRPC (\S+)/.exec(server.output())?.[1];
  if (grpc === undefined) throw new Error(`The start names no address of gRPC:\n${server.output()}`);
  return { ...server, grpc };
}

/** Everything it knows of the service it has asked the server for. */
async function reflectedClient(address: string, version: "v1" | "v1alpha" = "v1"): Promise<Message> {
  const reflection = new GrpcReflection(address, credentials.createInsecure(), {}, version);
  const descriptor = await reflection.getDescriptorBySymbol(SERVICE);
  const loaded = descriptor.getPackageObject({ keepCase: true, longs: Number, defaults: true }) as Message;
  const Jobs = loaded.meanwhile.v2.Jobs as ServiceClientConstructor;
  return new Jobs(address, credentials.createInsecure());
}

const call = (client: Message, method: string, request: object, metadata = new Metadata()): Promise<Message> =>
  new Promise((resolve, reject) => {
    client[method](request, metadata, (error: ServiceError | null, answer: Message) =>
      error === null ? resolve(answer) : reject(error),
    );
  });

async function readAll(stream: ClientReadableStream<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

describe("a server of one process", () => {
  it.each(["v1", "v1alpha"] as const)("is told of by reflection %s, and usable with nothing else", async (version) => {
    const server = await serveGrpc();
    const client = await reflectedClient(server.grpc, version);

    const updates = await readAll(client.SubmitJob({ type: "test.steps", parameters_json: '{"steps":2}' }));
    const overHttp = await server.api.get(updates[0].job_id);
    const created = await call(client, "CreateJob", { type: "test.echo", parameters_json: '{"n":1}', priority: -5 });

    expect(updates.at(-1)).toMatchObject({ type: "job.completed", status: "COMPLETED" });
    expect(overHttp.body).toMatchObject({ status: "COMPLETED", lastSeq: updates.length });
    expect((await server.api.events(updates[0].job_id)).map(({ seq }) => seq)).toEqual(updates.map(({ seq }) => seq));
    expect(created.priority).toBe(-5);
    client.close();
    await server.stop();
  });

  it("lists its services and their methods", async () => {
    const server = await serveGrpc();
    const reflection = new GrpcReflection(server.grpc, credentials.createInsecure(), {}, "v1");

    const services = await reflection.listServices();
    const methods = await reflection.listMethods(SERVICE);

    expect(services).toEqual(expect.arrayContaining([SERVICE, "grpc.health.v1.Health"]));
    expect(methods.map(({ name }) => name)).toEqual([
      ...["SubmitJob", "CreateJob", "WatchJob", "GetJob", "CancelJob", "ListJobs"],
    ]);
    await server.stop();
  });

  it("asks for the same credentials as over HTTP, and shows an owner the same jobs", async () => {
    const server = await serveGrpc({ env: { MEANWHILE_API_KEYS: `acme:${KEY}` } });
    const client = await reflectedClient(server.grpc);
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${KEY}`);

    const none = await call(client, "ListJobs", {}).catch((error: ServiceError) => error.code);
    const job = await call(client, "CreateJob", { type: "test.echo" }, metadata);
    const listed = await server.api.request<{ items: JobResource[] }>("GET", "/api/v2/jobs", {
      headers: { authorization: `Bearer ${KEY}` },
    });

    expect(none).toBe(status.UNAUTHENTICATED);
    expect(listed.body.items.map(({ id }) => id)).toContain(job.id);
    client.close();
    await server.stop();
  });
});

describe("several processes", () => {
  it("a watch at one sees the work of another, and goes on at a third when its own stops", async () => {
    const worker = await serve({ folder, role: "worker" });
    const [first, second] = await Promise.all([serveGrpc({ role: "api" }), serveGrpc({ role: "api" })]);
    const [ada, bob] = await Promise.all([reflectedClient(first.grpc), reflectedClient(second.grpc)]);
    const health = new (makeClientConstructor(healthService, "Health"))(
      first.grpc,
      credentials.createInsecure(),
    ) as Message;
    const said: string[] = [];
    const told = health.watch({ service: SERVICE });
    told.on("data", ({ status: now }: Message) => said.push(now));
    told.on("error", () => {});

    const seen: Message[] = [];
    const stream = ada.SubmitJob({ type: "test.wait", parameters_json: '{"ms":60000}' });
    const ended = new Promise<ServiceError>((resolve) => stream.on("error", resolve));
    stream.on("data", (update: Message) => seen.push(update));
    await until(() => seen.length === 2 && said.length > 0, { what: "the job has started", limitMs: 15_000 });
    const stopped = first.stop();
    const { code } = await ended;
    const rest = readAll(bob.WatchJob({ job_id: seen[0].job_id, after_seq: seen.at(-1).seq }));
    await call(bob, "CancelJob", { job_id: seen[0].job_id });

    expect(code).toBe(status.UNAVAILABLE);
    expect(await stopped).toEqual({ code: 0, signal: null });
    await until(() => said.at(-1) === "NOT_SERVING", { what: "the health is told, last of all" });
    expect(seen.map(({ type }) => type)).toEqual(["job.submitted", "job.started"]);
    const types = (await rest).map(({ type }) => type);
    expect(types.at(-1)).toBe("job.cancelled");
    for (const client of [ada, bob, health]) client.close();
    await Promise.all([worker.stop(), second.stop()]);
  });
});
