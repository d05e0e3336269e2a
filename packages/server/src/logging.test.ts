// What the log says: which request it was, and never a credential.
import { Writable } from "node:stream";
import { createMemoryStore, systemClock } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { createServer } from "./create-server.js";
import { createLogger } from "./logging.js";
import { startTestServer } from "./testing/test-server.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("the log", () => {
  it("names request and trace on the line about a fault of our own, whose text stays inside", async () => {
    const lines: Record<string, unknown>[] = [];
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const store = createMemoryStore({ clock: systemClock });
    const { parts } = await startTestServer({ worker: false, store });
    const engine = { ...parts.engine, list: async () => Promise.reject(new Error("the secret of the house")) };
    const { app } = createServer({ ...parts, engine, logger: createLogger({}, sink) });

    const answer = await app.inject({
      url: "/api/v2/jobs?type=a",
      headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, authorization: "Bearer mw_hidden" },
    });

    const requestId = answer.headers["x-request-id"];
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("secret");
    expect(answer.json()).toMatchObject({
      code: "internal",
      traceId: TRACE,
      detail: expect.stringContaining(String(requestId)),
    });
    expect(lines).toMatchObject([{ requestId, traceId: TRACE, path: "/api/v2/jobs", method: "GET" }]);
    expect(JSON.stringify(lines)).toContain("the secret of the house");
    expect(JSON.stringify(lines)).not.toContain("mw_hidden");
  });

  it("never holds a ticket, nor does the refusal", async () => {
    const text: string[] = [];
    const sink = new Writable({
      write(chunk, _encoding, done) {
        text.push(String(chunk));
        done();
      },
    });
    const { parts } = await startTestServer({ worker: false });
    const engine = { ...parts.engine, get: async () => Promise.reject(new Error("a fault of our own")) };
    const server = createServer({ ...parts, engine, logger: createLogger({ level: "trace" }, sink) });
    const job = "/api/v2/jobs/0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";

    const answers = await Promise.all(
      [job, `${job}/events`, `${job}/nothing`].map((path) => server.app.inject(`${path}?ticket=mwt_hidden`)),
    );

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 404, 404]);
    expect(text.join("")).toContain("a fault of our own");
    expect(text.join("") + answers.map(({ body }) => body).join("")).not.toContain("mwt_hidden");
  });

  it("is pino's where options are given", () => {
    expect(createLogger({ level: "silent" })).toHaveProperty("child");
  });
});
