// Following a job by server-sent events, as readers that nobody here wrote see it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseApiKeys } from "../auth/fixed-keys.js";
import { get, runningJob, submit } from "../testing/requests.js";
import { speak } from "../testing/socket.js";
import { startTestServer } from "../testing/test-server.js";

const STREAM = { accept: "text/event-stream" };
const eventsOf = (id: string) => `/api/v2/jobs/${id}/events`;

async function listening(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer(options);
  const url = await server.listen({ port: 0 });
  return { server, url };
}

describe("GET /api/v2/jobs/{id}/events as a stream", () => {
  it("gives every event from the first, and ends after the last", async () => {
    const { server, url } = await listening();
    const { id } = await submit(server, { type: "test.echo", parameters: { a: "line\nbreak\u2028" } });

    const answer = await fetch(url + eventsOf(id), { headers: STREAM });
    const text = await answer.text();

    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      vary: "Accept, Prefer, Authorization",
    });
    const [head, retry, ...frames] = text.trimEnd().split("\n\n");
    expect([head, retry]).toEqual([": meanwhile", "retry: 2000"]);
    expect(frames.map((frame) => frame.split("\n").slice(0, 2))).toEqual([
      ["id: 1", "event: job.submitted"],
      ["id: 2", "event: job.started"],
      ["id: 3", "event: job.completed"],
    ]);
    const page = (await get(server, eventsOf(id))).json();
    expect(frames.map((frame) => JSON.parse(frame.split("\ndata: ")[1] ?? ""))).toEqual(page.items);
  });

  it("continues behind what was seen, told by the header rather than by the address", async () => {
    const { server, url } = await listening();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const idsOf = async (query: string, headers = {}) => {
      const text = await (await fetch(url + eventsOf(id) + query, { headers: { ...STREAM, ...headers } })).text();
      return [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => seq);
    };

    expect(await idsOf("?after=1")).toEqual(["2", "3"]);
    expect(await idsOf("?after=1", { "last-event-id": "2" })).toEqual(["3"]);
    expect(await idsOf("?after=2", { "last-event-id": "" })).toEqual(["3"]);
  });

  it("answers 204 to a reader that has it all, so that it stops", async () => {
    const { server } = await listening();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });

    for (const seen of ["3", "4"]) {
      const answer = await get(server, eventsOf(id), { ...STREAM, "last-event-id": seen });
      expect([answer.statusCode, answer.body]).toEqual([204, ""]);
    }
  });

  it.each([
    ["x", "Last-Event-ID"],
    ["-1", "Last-Event-ID"],
    ["1.5", "Last-Event-ID"],
    ["99", "beyond"],
  ])("refuses the cursor %s", async (seen, said) => {
    const server = await startTestServer();
    const { id } = await runningJob(server, { gate: "g" });

    const answer = await get(server, eventsOf(id), { ...STREAM, "last-event-id": seen });

    expect(answer.json()).toMatchObject({
      status: 400,
      code: "invalid_request",
      detail: expect.stringContaining(said),
    });
  });

  it("is a stream only where the caller would rather have one", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const typeFor = async (accept: string) =>
      (await get(server, `${eventsOf(id)}?after=2`, { accept })).headers["content-type"];

    expect(await typeFor("text/event-stream")).toContain("event-stream");
    expect(await typeFor("application/json;q=0.5, text/event-stream")).toContain("event-stream");
    expect(await typeFor("*/*")).toContain("json");
    expect(await typeFor("application/json, text/event-stream;q=0.5")).toContain("json");
    expect(await typeFor("text/event-stream;q=0")).toContain("json");
  });

  it("answers HEAD like GET, without a stream", async () => {
    const { server, url } = await listening();
    const { id } = await runningJob(server, { gate: "g" });

    const answer = await fetch(url + eventsOf(id), { method: "HEAD", headers: STREAM });

    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
  });

  it("is nobody else's", async () => {
    const server = await startTestServer({ apiKeys: parseApiKeys("acme:mw_a,shop:mw_b") });
    const { id } = await submit(server, { type: "test.echo" }, { authorization: "Bearer mw_a" });

    const answer = await get(server, eventsOf(id), { ...STREAM, authorization: "Bearer mw_b" });

    expect(answer.json()).toMatchObject({ status: 404, code: "job_not_found" });
  });

  it("shows each event as it happens to curl", async () => {
    const { server, url } = await listening();
    const { id } = await runningJob(server, { gate: "g", progress: 0.5 });
    const curl = spawn("curl", ["-sN", "-H", "accept: text/event-stream", url + eventsOf(id)]);
    onTestFinished(() => void curl.kill());
    let heard = "";
    curl.stdout.on("data", (chunk) => {
      heard += chunk;
    });

    await until(() => heard.includes("event: job.progress"), { what: "curl has shown the progress" });
    expect(heard).not.toContain("job.completed");
    server.jobs.open("g");
    const [code] = await once(curl, "close");

    expect(code).toBe(0);
    expect(heard).toContain('event: job.completed\ndata: {"jobId"');
  });

  it("tells its readers to come back when the server drains, and those that still come", async () => {
    const { server, url } = await listening();
    const { id } = await runningJob(server, { gate: "g" });
    const reader = await speak(url);
    reader.send(`GET ${eventsOf(id)} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`);
    await reader.hears(/job\.started/);

    server.drain();

    const heard = await reader.closed();
    expect(heard).toMatch(/retry: [2-5]\d{3}\n\n[\s\S]*0\r\n\r\n$/);
    const late = await get(server, eventsOf(id), STREAM);
    expect([late.statusCode, late.body]).toEqual([200, expect.stringMatching(/^retry: \d+\n\n$/)]);
  });
});
