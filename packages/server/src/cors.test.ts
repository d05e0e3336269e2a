// Pages of other origins, as browsers ask for them.
import { describe, expect, it } from "vitest";
import { get } from "./testing/requests.js";
import { startTestServer } from "./testing/test-server.js";

const APP = "https://app.example.com";
const options = { worker: false as const, apiKeys: [{ owner: "acme", key: "mw_k" }], allowedOrigins: [APP] };
const credentials = { authorization: "Bearer mw_k" };
const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };

describe("allowedOrigins", () => {
  it("lets listed pages read answers and their headers", async () => {
    const server = await startTestServer(options);

    const answer = await get(server, "/api/v2/jobs", { ...credentials, origin: APP });

    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-expose-headers": expect.stringContaining("Operation-Location"),
      vary: "Prefer, Authorization, Origin",
    });
    expect(answer.headers).not.toHaveProperty("access-control-allow-credentials");
  });

  it("answers their preflight without credentials", async () => {
    const server = await startTestServer(options);

    const answer = await server.app.inject({
      method: "OPTIONS",
      url: "/api/v2/jobs",
      headers: { origin: APP, ...preflight },
    });

    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
      "access-control-allow-headers": expect.stringContaining("Idempotency-Key"),
    });
  });

  it("gives nothing to others, and nothing to anybody by default", async () => {
    const listed = await startTestServer(options);
    const silent = await startTestServer({ ...options, allowedOrigins: [] });
    const headers = { origin: "https://evil.example.com", ...preflight };

    const others = await listed.app.inject({ method: "OPTIONS", url: "/api/v2/jobs", headers });
    const byDefault = await get(silent, "/api/v2/jobs", { ...credentials, origin: APP });

    expect(others.statusCode).toBe(405);
    for (const answer of [others, byDefault]) expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });
});
