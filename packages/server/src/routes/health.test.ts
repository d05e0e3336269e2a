// Probes over HTTP.
import { createMemoryStore, systemClock } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { get, post } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

describe("/healthz and /readyz", () => {
  it("say that all is well", async () => {
    const server = await startTestServer({ worker: false });

    expect((await get(server, "/healthz")).json()).toEqual({ status: "ok" });
    expect((await get(server, "/readyz")).json()).toEqual({ status: "ready" });
  });

  it("tell apart a living process from one whose store is away", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const server = await startTestServer({
      worker: false,
      store: { ...store, check: async () => ({ ok: false, reason: "The disk is full." }) },
    });

    const ready = await get(server, "/readyz");

    expect((await get(server, "/healthz")).statusCode).toBe(200);
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({ code: "store_unavailable", reasons: ["The disk is full."] });
    expect(ready.headers["retry-after"]).toBe("1");
  });

  it("turn traffic away once the server leaves, which serves on until it drains", async () => {
    const server = await startTestServer({ worker: false });

    server.leave();

    const ready = await get(server, "/readyz");
    const submit = await post(server, "/api/v2/jobs", { type: "test.echo" });
    expect(ready.json()).toMatchObject({ status: 503, code: "shutting_down" });
    expect(submit.statusCode).toBe(202);
    expect(submit.headers.connection).toBe("close");
  });

  it("turn traffic away while the server drains, which takes no new jobs and reads on", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = (await post(server, "/api/v2/jobs", { type: "test.echo" })).json();

    server.drain();

    const ready = await get(server, "/readyz");
    const submit = await post(server, "/api/v2/jobs", { type: "test.echo" });
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({ code: "shutting_down", reasons: [expect.any(String)] });
    expect(submit.statusCode).toBe(503);
    expect(submit.json().code).toBe("shutting_down");
    expect(submit.headers["retry-after"]).toMatch(/^\d+$/);
    expect((await get(server, "/healthz")).statusCode).toBe(200);
    expect((await get(server, `/api/v2/jobs/${id}`)).headers.connection).toBe("close");
  });
});
