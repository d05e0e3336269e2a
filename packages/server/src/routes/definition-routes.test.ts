// Routes of job types' own, and the file conversions built on one.
import { createCatalog, createMemoryStore, defineJob, systemClock } from "@meanwhile/core";
import type { JobResource, Problem } from "@meanwhile/protocol";
import { describe, expect, it } from "vitest";
import { createServer } from "../create-server.js";
import { get, jsonOf, post, submit } from "../testing/requests.js";
import { startTestServer, type TestServer } from "../testing/test-server.js";

async function sendForm(server: TestServer, path: string, parts: Record<string, string | Blob>, headers = {}) {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === "string") data.append(name, value);
    else data.append(name, value, "in.txt");
  }
  const { port } = new URL(await listening(server));
  return fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body: data, headers });
}

async function listening(server: TestServer): Promise<string> {
  const address = server.app.server.address();
  if (typeof address === "object" && address !== null) return `http://127.0.0.1:${address.port}`;
  return server.listen({ port: 0 });
}

const text = (content: string) => new Blob([content], { type: "text/plain" });

describe("a route of a definition's own", () => {
  it("takes the parameters as JSON and behaves like a submit", async () => {
    const server = await startTestServer();
    const upload = await post(server, "/api/v2/files", "abc", { "content-type": "text/plain" });

    const answer = await post(server, "/api/forms", { file: upload.json().id, width: 3 }, { prefer: "wait=30" });

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ type: "test.form", status: "COMPLETED", result: { sizeBytes: 3, width: 3 } });
    expect(answer.headers.location).toBe(`/api/v2/jobs/${answer.json().id}`);
  });

  it("takes a form, with its fields as the types that the schema asks for", async () => {
    const server = await startTestServer();

    const answer = await sendForm(
      server,
      "/api/forms",
      { width: "12", gray: "true", title: "12", file: text("hello") },
      { prefer: "wait=30" },
    );

    const job = await jsonOf<JobResource>(answer);
    expect(answer.status).toBe(200);
    expect(job.result).toMatchObject({ name: "in.txt", sizeBytes: 5, width: 12, gray: true, title: "12" });
  });

  it("says where in the form a fault is, and keeps no file of it", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await sendForm(server, "/api/forms", { file: text("x"), width: "wide" });
    const unknown = await sendForm(server, "/api/forms", { file: text("x"), depth: "1" });
    const missing = await sendForm(server, "/api/forms", { width: "1" });

    expect(await answer.json()).toMatchObject({
      status: 422,
      code: "invalid_parameters",
      errors: [{ pointer: "#/width" }],
    });
    expect(unknown.status).toBe(422);
    expect(await missing.json()).toMatchObject({ status: 422, errors: [{ pointer: "#/file" }] });
    expect(server.fileIds()).toEqual([]);
  });

  it("knows a form again by the file's content, and keeps it once", async () => {
    const server = await startTestServer({ worker: false });
    const headers = { "idempotency-key": "form-1" };
    const first = await sendForm(server, "/api/forms", { file: text("same"), title: "t" }, headers);

    const again = await sendForm(server, "/api/forms", { title: "t", file: text("same") }, headers);
    const other = await sendForm(server, "/api/forms", { file: text("other"), title: "t" }, headers);

    expect(again.status).toBe(202);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await jsonOf<JobResource>(again)).id).toBe((await jsonOf<JobResource>(first)).id);
    expect(other.status).toBe(422);
    expect((await jsonOf<Problem>(other)).code).toBe("idempotency_key_reused");
    expect(server.fileIds()).toHaveLength(1);
  });

  it("takes no form where the parameters have no file", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const server = await startTestServer({ store, worker: false });

    const answer = await post(server, "/api/forms", "a=1", { "content-type": "application/x-www-form-urlencoded" });

    expect(answer.statusCode).toBe(415);
    expect(answer.json().detail).toBe(
      'The body\'s Content-Type must be multipart/form-data or application/json; it came as "application/x-www-form-urlencoded".',
    );
  });

  it("may not be one that the server has itself", async () => {
    const { parts } = await startTestServer({ worker: false });
    const greedy = defineJob({ type: "test.greedy", http: { path: "/api/v2/jobs" }, run: () => null });

    expect(() => createServer({ ...parts, catalog: createCatalog([greedy]) })).toThrow(/test\.greedy.*\/api\/v2\/jobs/);
  });
});

describe("file conversions", () => {
  it("go from a form to the bytes", async () => {
    const server = await startTestServer();
    const form = { file: text("old"), targetFormat: "txt" };
    const submitted = await jsonOf<JobResource & { result: { file: string } }>(
      await sendForm(server, "/api/files/convert", form, { prefer: "wait=30" }),
    );

    const conversion = (await get(server, `/api/files/conversions/${submitted.id}`)).json();
    const bytes = await get(server, conversion.downloadUrl);

    expect(conversion).toEqual({
      id: submitted.id,
      status: "COMPLETED",
      progress: 1,
      message: "copying",
      downloadUrl: `/api/files/download/${submitted.result.file}`,
    });
    expect(bytes.body).toBe("old");
    expect(bytes.headers["content-disposition"]).toContain("copy of in.txt");
  });

  it("say why they failed", async () => {
    const server = await startTestServer();
    const form = { file: text("old"), targetFormat: "none" };
    const { id } = await jsonOf<JobResource>(await sendForm(server, "/api/files/convert", form, { prefer: "wait=30" }));

    const conversion = (await get(server, `/api/files/conversions/${id}`)).json();

    expect(conversion).toMatchObject({ status: "FAILED", error: { code: "no_format" } });
    expect(conversion).not.toHaveProperty("downloadUrl");
  });

  it("are no jobs of other types", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    expect((await get(server, `/api/files/conversions/${id}`)).statusCode).toBe(404);
  });
});
