// JSON Web Tokens as credentials: what is accepted, and everything that is not.
import { createServer as createHttpServer } from "node:http";
import { ConfigurationError } from "@meanwhile/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { createServer } from "../create-server.js";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";
import { AUDIENCE, createTestIssuer, ISSUER } from "../testing/tokens.js";
import type { JwtIssuerOptions } from "./jwt.js";

const JOBS = "/api/v2/jobs";
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function serverFor(options: Partial<JwtIssuerOptions> = {}) {
  const issuer = await createTestIssuer();
  const server = await startTestServer({
    worker: false,
    jwt: { issuer: ISSUER, audience: AUDIENCE, keys: issuer.keys, ...options },
  });
  return { issuer, server };
}

describe("a JSON Web Token", () => {
  it("of the configured issuer is accepted, and its owner is issuer and subject together", async () => {
    const { issuer, server } = await serverFor();

    const { id } = await submit(server, { type: "test.echo" }, bearer(await issuer.sign()));

    expect(await server.parts.store.jobs.find(id)).toMatchObject({ owner: `${ISSUER}#ada` });
    expect((await get(server, `${JOBS}/${id}`, bearer(await issuer.sign({ sub: "bob" })))).statusCode).toBe(404);
  });

  it("may name its owner in a configured claim, and must then", async () => {
    const { issuer, server } = await serverFor({ ownerClaim: "tenant" });

    const { id } = await submit(server, { type: "test.echo" }, bearer(await issuer.sign({ tenant: "acme" })));

    expect(await server.parts.store.jobs.find(id)).toMatchObject({ owner: "acme" });
    expect((await get(server, JOBS, bearer(await issuer.sign()))).statusCode).toBe(401);
  });

  it("has the scopes of its claim and no others", async () => {
    const { issuer, server } = await serverFor();
    const asText = bearer(await issuer.sign({ scope: "openid jobs:read" }));
    const asList = bearer(await issuer.sign({ scope: ["jobs:submit", 7] }));

    expect((await get(server, JOBS, asText)).statusCode).toBe(200);
    expect((await post(server, JOBS, { type: "test.echo" }, asText)).json()).toMatchObject({
      status: 403,
      scope: "jobs:submit",
    });
    expect((await post(server, JOBS, { type: "test.echo" }, asList)).statusCode).toBe(202);
    expect((await get(server, JOBS, asList)).statusCode).toBe(403);
  });

  const past = Math.floor(Date.now() / 1_000) - 60;
  it.each([
    ["another issuer", { iss: "https://other.example.com" }, {}],
    ["another audience", { aud: "https://other.example.com" }, {}],
    ["no audience", { aud: undefined }, {}],
    ["an end in the past", { exp: past }, {}],
    ["no end", { exp: undefined }, {}],
    ["no subject", { sub: undefined }, {}],
    ["an empty subject", { sub: "" }, {}],
    ["a beginning in the future", { nbf: past + 3_600 }, {}],
    ["an unknown key", {}, { kid: "two" }],
  ])("with %s is refused", async (_what, claims, options) => {
    const { issuer, server } = await serverFor();
    const token = await issuer.sign(claims as Record<string, string>, options);

    const answer = await get(server, JOBS, bearer(token));

    expect(answer.statusCode).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer error="invalid_token"');
  });

  it("signed by somebody else, or by a shared secret, is refused", async () => {
    const { issuer, server } = await serverFor();
    const other = await createTestIssuer();
    const secret = new TextEncoder().encode(JSON.stringify(issuer.keys.keys[0]).padEnd(64));

    const forged = await issuer.sign({}, { key: other.privateKey });
    const confused = await issuer.sign({}, { alg: "HS256", key: secret });

    expect((await get(server, JOBS, bearer(forged))).statusCode).toBe(401);
    expect((await get(server, JOBS, bearer(confused))).statusCode).toBe(401);
  });

  it("without a signature, with a changed claim, or in another form is refused", async () => {
    const { issuer, server } = await serverFor();
    const token = await issuer.sign();
    const [, payload = "", signature = ""] = token.split(".");
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const bent = encode({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), sub: "root" });
    const bad = [
      `${encode({ alg: "none" })}.${payload}.`,
      `${encode({ alg: "none" })}.${payload}.${signature}`,
      token.replace(payload, bent),
      `${token}.${signature}.${signature}`,
      encode({ payload, signatures: [] }),
      `${token.slice(0, -3)}AAA`,
      "a.b.c",
      `${"a".repeat(9_000)}.b.c`,
    ];

    for (const candidate of bad) expect((await get(server, JOBS, bearer(candidate))).statusCode).toBe(401);
  });

  it("must be of the configured type where one is configured", async () => {
    const { issuer, server } = await serverFor({ tokenType: "at+jwt" });

    expect((await get(server, JOBS, bearer(await issuer.sign({}, { typ: "at+jwt" })))).statusCode).toBe(200);
    expect((await get(server, JOBS, bearer(await issuer.sign({}, { typ: "JWT" })))).statusCode).toBe(401);
  });

  it("is checked against keys that the issuer publishes", async () => {
    const issuer = await createTestIssuer();
    const jwks = createHttpServer((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(issuer.keys));
    });
    await new Promise<void>((resolve) => jwks.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void jwks.close());
    const { port } = jwks.address() as { port: number };
    const jwksUrl = `http://127.0.0.1:${port}/jwks.json`;
    const server = await startTestServer({ worker: false, jwt: { issuer: ISSUER, audience: AUDIENCE, jwksUrl } });

    expect((await get(server, JOBS, bearer(await issuer.sign()))).statusCode).toBe(200);
  });

  it("is not judged while the issuer's keys cannot be had", async () => {
    const issuer = await createTestIssuer();
    const jwt = { issuer: ISSUER, audience: AUDIENCE, jwksUrl: "http://127.0.0.1:1/jwks.json" };
    const server = await startTestServer({ worker: false, jwt });

    const answer = await get(server, JOBS, bearer(await issuer.sign()));

    expect(answer.statusCode).toBe(503);
    expect(answer.json().code).toBe("store_unavailable");
    expect(answer.headers["retry-after"]).toBe("1");
  });
});

describe("the configuration of an issuer", () => {
  const keys = { keys: [] };
  it.each([
    ["no keys at all", { issuer: ISSUER, audience: AUDIENCE }],
    ["keys from two places", { issuer: ISSUER, audience: AUDIENCE, keys, jwksUrl: "https://a/jwks" }],
    ["no audience", { issuer: ISSUER, audience: "", keys }],
    ["no signature", { issuer: ISSUER, audience: AUDIENCE, keys, algorithms: ["none"] }],
    ["no algorithm", { issuer: ISSUER, audience: AUDIENCE, keys, algorithms: [] }],
    ["a published secret", { issuer: ISSUER, audience: AUDIENCE, jwksUrl: "https://a/jwks", algorithms: ["HS256"] }],
    ["a place that is no address", { issuer: ISSUER, audience: AUDIENCE, jwksUrl: "file:///keys" }],
  ])("with %s stops the start", async (_what, jwt) => {
    const { parts } = await startTestServer({ worker: false });

    expect(() => createServer(parts, { jwt })).toThrow(ConfigurationError);
  });
});
