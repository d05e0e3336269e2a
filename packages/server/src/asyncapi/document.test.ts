// The AsyncAPI document: valid to its own parser, and true of what really travels.
import { Parser } from "@asyncapi/parser";
import type { JobEvent } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { get, submit } from "../testing/requests.js";
import { startTestServer, type TestServer } from "../testing/test-server.js";
import type { AsyncApiDocument } from "./document.js";

async function documentOf(server: TestServer): Promise<AsyncApiDocument> {
  return (await get(server, "/asyncapi.json")).json();
}

/** Names of the messages of the channel whose schema the value fits. */
function createMatcher(document: AsyncApiDocument, channel: string): (value: unknown) => readonly string[] {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  const names = Object.keys(document.channels[channel]!.messages);
  const checks = names.map((name) => [name, ajv.getSchema(`api#/components/messages/${name}/payload`)!] as const);
  return (value) => checks.filter(([, check]) => check(value)).map(([name]) => name);
}

describe("GET /asyncapi.json", () => {
  it("is open, valid, and asked again for nothing while it is the same", async () => {
    const server = await startTestServer({
      worker: false,
      apiKeys: [{ owner: "acme", key: "mw_0123456789abcdef0123456789abcdef" }],
    });

    const answer = await get(server, "/asyncapi.json");
    const again = await get(server, "/asyncapi.json", { "if-none-match": String(answer.headers.etag) });
    const { document, diagnostics } = await new Parser().parse(answer.body);

    expect([answer.statusCode, again.statusCode]).toEqual([200, 304]);
    // "hint" tells of newer versions of the standard.
    expect(diagnostics.filter(({ severity }) => severity < 2)).toEqual([]);
    expect(document?.version()).toBe("3.0.0");
  });

  it("names every event, with data of its own, on every channel that tells events", async () => {
    const { channels, components } = await documentOf(await startTestServer({ worker: false }));

    const expected = Object.keys(components.schemas).filter((name) => name.startsWith("Event."));
    expect(expected).toHaveLength(14);
    for (const name of ["jobEvents", "stompJobEvents", "stompAllEvents"]) {
      expect(Object.keys(channels[name]!.messages).map((type) => `Event.${type}`)).toEqual(expected);
    }
    expect(channels.webhook).toMatchObject({ address: null });
  });

  it("names the address under which callers reach the server", async () => {
    const server = await startTestServer({ worker: false, publicUrl: "https://api.example.com/jobs" });

    const { servers } = await documentOf(server);

    expect(servers.http).toMatchObject({ host: "api.example.com", pathname: "/jobs", protocol: "https" });
    expect(servers.ws).toMatchObject({ protocol: "wss" });
    expect(servers.stomp).toMatchObject({ pathname: "/jobs/websocket" });
  });

  it("describes a message queue where one stands beside the server", async () => {
    const messageQueue = { broker: "amqps://mq.internal:5671/jobs", prefix: "shop" };
    const server = await startTestServer({ worker: false, messageQueue });

    const answer = await get(server, "/asyncapi.json");
    const { diagnostics } = await new Parser().parse(answer.body);
    const { servers, channels, operations } = answer.json() as AsyncApiDocument;

    expect(diagnostics.filter(({ severity }) => severity < 2)).toEqual([]);
    expect(servers.amqp).toMatchObject({ host: "mq.internal:5671", pathname: "/jobs", protocol: "amqps" });
    expect(channels.amqpEvents!.bindings).toMatchObject({ amqp: { exchange: { name: "shop.events", type: "topic" } } });
    expect(channels.amqpSubmit!.address).toBe("shop.submit");
    expect(operations.receiveAmqpSubmit!.reply!.channel).toEqual({ $ref: "#/channels/amqpAnswers" });
  });

  it("describes nothing that nobody needs, and everything that is referred to", async () => {
    const document = await documentOf(await startTestServer({ worker: false }));
    const text = JSON.stringify(document);

    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`#/components/schemas/${name}"`);
    for (const [, path = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = path
        .split("/")
        .map((part) => part.replaceAll("~1", "/"))
        .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
      expect(found, path).toBeDefined();
    }
  });
});

describe("what it says", () => {
  it("is true of the events of a job: each fits one message", async () => {
    const server = await startTestServer();
    const matches = createMatcher(await documentOf(server), "jobEvents");
    const jobs = [
      await submit(server, { type: "test.echo", parameters: { a: 1 } }, { prefer: "wait=30" }),
      await submit(server, { type: "test.fail", parameters: { code: "c", message: "m" } }, { prefer: "wait=30" }),
      await submit(server, { type: "test.echo", delayMs: 60_000 }),
    ];
    await server.parts.engine.cancel(jobs[2]!.id, { principal: local });

    for (const { id } of jobs) {
      const { items } = (await get(server, `/api/v2/jobs/${id}/events`)).json() as { items: JobEvent[] };
      for (const event of items) expect(matches(event), JSON.stringify(event)).toEqual([event.type]);
    }
  });

  it("is true of the WebSocket: every message, both ways, fits one", async () => {
    const server = await startTestServer();
    const matches = createMatcher(await documentOf(server), "webSocket");
    const address = await server.listen({ port: 0 });
    const socket = new WebSocket(`${address.replace("http", "ws")}/websocket`, "meanwhile.v2");
    onTestFinished(() => socket.close());
    const heard: { op: string; job?: { id: string } }[] = [];
    socket.on("message", (data) => heard.push(JSON.parse(String(data))));
    const hears = (op: string) => until(() => heard.find((said) => said.op === op), { what: `it says ${op}` });
    const sent: [string, object][] = [];
    const say = (op: string, members: object) => {
      sent.push([`socket.${op}`, { op, ...members }]);
      socket.send(JSON.stringify({ op, ...members }));
    };
    await new Promise((resolve) => socket.once("open", resolve));

    say("submit", { ref: 1, type: "test.echo", parameters: {}, follow: true, tags: ["a"] });
    await hears("end");
    const jobId = heard.find(({ op }) => op === "submitted")!.job!.id;
    say("follow", { ref: "two", jobId, after: 1 });
    await hears("following");
    say("cancel", { ref: 3, jobId });
    await hears("error");
    say("submit", { type: "test.gated", parameters: { gate: "a" } });
    const waiting = await until(() => heard.filter(({ op }) => op === "submitted")[1], {
      what: "the second is stored",
    });
    say("cancel", { jobId: waiting.job!.id });
    await hears("cancelled");

    for (const [name, message] of sent) expect(matches(message), JSON.stringify(message)).toEqual([name]);
    for (const message of heard) expect(matches(message), JSON.stringify(message)).toEqual([`socket.${message.op}`]);
    expect(new Set(heard.map(({ op }) => op))).toEqual(
      new Set(["submitted", "event", "end", "following", "error", "cancelled"]),
    );
  });
});

const local = { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null };
