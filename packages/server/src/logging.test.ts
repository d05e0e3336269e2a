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

  it("is pino's where options are given", () => {
    expect(createLogger({ level: "silent" })).toHaveProperty("child");
  });
});
