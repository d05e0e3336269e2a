// The stream of all jobs, over HTTP.
import { AppError, createMemoryStore, systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseApiKeys } from "../auth/fixed-keys.js";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const EVENTS = "/api/v2/events";
const STREAM = { accept: "text/event-stream" };

async function listening(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer(options);
  return { server, url: await server.listen({ port: 0 }) };
}

/** Reads a stream until the test is over. */
async function read(address: string, headers: Record<string, string> = {}) {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const answer = await fetch(address, { headers: { ...STREAM, ...headers }, signal: ending.signal });
  const messages: EventSourceMessage[] = [];
  const positions: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => (message.event === "position" ? positions : messages).push(message),
  });
  const consume = async () => {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
  };
  const ended = consume().catch(() => {});
  const told = () => messages.map(({ data }) => JSON.parse(data)).map(({ jobId, seq }) => `${jobId}:${seq}`);
  return { answer, messages, positions, told, ended, close: () => ending.abort() };
}

describe("GET /api/v2/events", () => {
  it("gives every event of the caller's jobs from now on, and nobody else's", async () => {
    const { server, url } = await listening({ apiKeys: parseApiKeys("acme:mw_a,shop:mw_b") });
    const acme = { authorization: "Bearer mw_a" };
    await submit(server, { type: "test.echo" }, { ...acme, prefer: "wait=30" });
    const [own, foreign] = [await read(url + EVENTS, acme), await read(url + EVENTS, { authorization: "Bearer mw_b" })];

    const { id } = await submit(server, { type: "test.echo", parameters: { a: 1 } }, { ...acme, prefer: "wait=30" });
    await until(() => own.messages.length === 3, { what: "three events have come" });

    expect(own.told()).toEqual([`${id}:1`, `${id}:2`, `${id}:3`]);
    const { items } = (await get(server, `/api/v2/jobs/${id}/events`, acme)).json();
    expect(own.messages.map(({ data }) => JSON.parse(data))).toEqual(items);
    expect(own.messages.map(({ event }) => event)).toEqual(["job.submitted", "job.started", "job.completed"]);
    expect(foreign.messages).toEqual([]);
  });

  it("resumes behind the last event that was seen, by header or address", async () => {
    const { server, url } = await listening();
    const first = await read(url + EVENTS);
    const a = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    await until(() => first.messages.length === 3, { what: "three events have come" });
    first.close();
    const b = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const seen = first.messages[1]?.id ?? "";

    const byHeader = await read(`${url}${EVENTS}?after=nonsense`, { "last-event-id": seen });
    const byAddress = await read(`${url}${EVENTS}?after=${seen}`);
    await until(() => byHeader.messages.length === 4 && byAddress.messages.length === 4, { what: "the rest has come" });

    expect(byHeader.told()).toEqual([`${a.id}:3`, `${b.id}:1`, `${b.id}:2`, `${b.id}:3`]);
    expect(byAddress.told()).toEqual(byHeader.told());
  });

  it("says at once where it begins, so that who is cut before the first event misses nothing", async () => {
    const { server, url } = await listening();
    await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const first = await read(url + EVENTS);
    await until(() => first.positions.length === 1, { what: "it has said so" });
    first.close();
    const missed = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });

    const back = await read(url + EVENTS, { "last-event-id": first.positions[0]?.id ?? "" });
    await until(() => back.messages.length === 3, { what: "what happened meanwhile has come" });

    expect(back.told()).toEqual([`${missed.id}:1`, `${missed.id}:2`, `${missed.id}:3`]);
  });

  it("gives only what was asked for", async () => {
    const { server, url } = await listening();
    const wanted = await read(`${url}${EVENTS}?type=test.echo,test.fail&event=job.completed,job.failed`);
    const failed = await read(`${url}${EVENTS}?status=FAILED`);

    await submit(server, { type: "test.keyed" }, { prefer: "wait=30", "idempotency-key": "k" });
    await submit(server, { type: "test.fail", parameters: { code: "c", message: "m" } }, { prefer: "wait=30" });
    await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    await until(() => wanted.messages.length === 2 && failed.messages.length === 1, { what: "they have come" });

    expect(wanted.messages.map(({ event }) => event)).toEqual(["job.failed", "job.completed"]);
    expect(failed.messages.map(({ event }) => event)).toEqual(["job.failed"]);
  });

  it("says so where events are missing, and gives what is kept", async () => {
    const { server, url } = await listening();
    const first = await read(url + EVENTS);
    const before = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    await until(() => first.messages.length === 3, { what: "three events have come" });
    first.close();
    const seen = first.messages[2]?.id ?? "";
    const gone = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const kept = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    await post(server, `/api/v2/jobs/${gone.id}/purge`);
    await post(server, `/api/v2/jobs/${before.id}/purge`);

    const { messages } = await read(url + EVENTS, { "last-event-id": seen });
    await until(() => messages.length === 4, { what: "the gap and what is kept have come" });

    expect(messages[0]).toMatchObject({ event: "reset", data: JSON.stringify({ after: seen }) });
    expect(messages.slice(1).map(({ data }) => JSON.parse(data).jobId)).toEqual([kept.id, kept.id, kept.id]);
  });

  it.each([
    ["?after=nonsense", {}, "after"],
    ["", { "last-event-id": "nonsense" }, "Last-Event-ID"],
    ["?status=DONE", {}, "status"],
    ["?event=job.completed,", {}, "event"],
    ["?limit=3", {}, "limit"],
  ])("refuses %s %j", async (query, headers, named) => {
    const server = await startTestServer();

    const answer = await get(server, EVENTS + query, { ...STREAM, ...headers });

    expect(answer.json()).toMatchObject({
      status: 400,
      code: "invalid_request",
      detail: expect.stringContaining(named),
    });
  });

  it("is a stream and nothing else", async () => {
    const { server, url } = await listening();

    const refused = await get(server, EVENTS, { accept: "application/json" });
    const any = await read(url + EVENTS, { accept: "*/*" });

    expect(refused.json()).toMatchObject({ status: 406, detail: expect.stringContaining("text/event-stream") });
    expect(any.answer.headers.get("content-type")).toContain("text/event-stream");
  });

  it("tells its readers to come back while the store is away, instead of turning them away for good", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const away = async () => {
      throw new AppError("store_unavailable", { message: "The store is away." });
    };
    const server = await startTestServer({ store: { ...store, events: { ...store.events, logEnd: away } } });

    const answer = await get(server, EVENTS, STREAM);

    expect([answer.statusCode, answer.body]).toEqual([200, expect.stringMatching(/^retry: \d+\n\n$/)]);
  });

  it("takes so many streams of an owner and no more", async () => {
    const { server, url } = await listening({ streamsPerOwner: 2 });
    const [first] = [await read(url + EVENTS), await read(url + EVENTS)];

    const refused = await get(server, EVENTS, STREAM);
    first.close();

    expect(refused.json()).toMatchObject({ status: 429, code: "rate_limited" });
    await until(async () => (await read(url + EVENTS)).answer.status === 200, { what: "there is room again" });
  });
});
