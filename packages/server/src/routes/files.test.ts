// Uploads and downloads, over real connections where the wire matters.
import { createHash, randomBytes } from "node:crypto";
import type { FileResource, Problem } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { get, jsonOf, post } from "../testing/requests.js";
import { speak } from "../testing/socket.js";
import { startTestServer, type TestServer } from "../testing/test-server.js";

const FILES = "/api/v2/files";
const NOWHERE = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";

function form(parts: Record<string, string | Blob>, name = "photo.png"): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(parts)) {
    if (typeof value === "string") data.append(field, value);
    else data.append(field, value, name);
  }
  return data;
}

type Body = NonNullable<RequestInit["body"]>;

async function upload(server: TestServer, body: Body, headers: Record<string, string> = {}): Promise<Response> {
  const url = server.app.server.listening ? addressOf(server) : await server.listen({ port: 0 });
  return fetch(`${url}${FILES}`, { method: "POST", body, headers, duplex: "half" } as RequestInit);
}

function addressOf({ app }: TestServer): string {
  const address = app.server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

describe("POST /api/v2/files", () => {
  it("keeps the file of a form, whatever its name", async () => {
    const server = await startTestServer({ worker: false });
    const bytes = randomBytes(300_000);

    const answer = await upload(
      server,
      form({ file: new Blob([bytes], { type: "image/png" }) }, "../K\u00e4se \u4e2d.png"),
    );

    const file = await jsonOf<FileResource>(answer);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(`${FILES}/${file.id}`);
    expect(file).toEqual({
      id: expect.any(String),
      name: "K\u00e4se \u4e2d.png",
      mediaType: "image/png",
      sizeBytes: 300_000,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    });
  });

  it.each([
    [`attachment; filename="a.txt"`, "a.txt"],
    [`attachment; filename="x.txt"; filename*=UTF-8''%e2%82%ac.txt`, "\u20ac.txt"],
    [`attachment; filename=bare.txt`, "bare.txt"],
    [`attachment; filename="..\\\\..\\\\evil\u0007.txt"`, "evil.txt"],
    [`attachment; filename*=UTF-8''%ff`, "file"],
    ["nonsense", "file"],
  ])("keeps a bare body under the name in %j", async (disposition, name) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, FILES, "text", {
      "content-type": "text/plain",
      "content-disposition": disposition,
    });

    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ name, mediaType: "text/plain", sizeBytes: 4 });
  });

  it("takes JSON for bytes like any other", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, FILES, "{broken", { "content-type": "application/json" });

    expect(answer.json()).toMatchObject({ mediaType: "application/json", sizeBytes: 7 });
  });

  it("takes an empty file", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await upload(server, form({ file: new Blob([]) }));

    expect(await answer.json()).toMatchObject({ sizeBytes: 0 });
  });

  it.each([
    ["a form without a file", form({ other: "x" }), 400],
    ["a file in another part", form({ photo: new Blob(["x"]) }), 400],
    ["fields beside the file", form({ file: new Blob(["x"]), title: "t" }), 400],
  ])("refuses %s and keeps nothing", async (_what, body, status) => {
    const server = await startTestServer({ worker: false });

    const answer = await upload(server, body);

    expect(answer.status).toBe(status);
    expect((await jsonOf<Problem>(answer)).code).toBe("invalid_request");
    expect(server.fileIds()).toEqual([]);
  });

  it.each([
    ["no boundary", "multipart/form-data", "x"],
    [
      "no end",
      "multipart/form-data; boundary=b",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    ],
    ["no parts", "multipart/form-data; boundary=b", "nothing of the kind"],
    ["nothing at all", "multipart/form-data; boundary=b", ""],
  ])("refuses a form with %s", async (_what, type, body) => {
    const server = await startTestServer({ worker: false });

    const answer = await upload(server, body, { "content-type": type });

    expect(answer.status).toBe(400);
    expect((await jsonOf<Problem>(answer)).code).toBe("invalid_request");
    expect(server.fileIds()).toEqual([]);
  });

  it.each([
    ["a form", () => form({ file: new Blob([randomBytes(3_000_000)]) })],
    ["a bare body", () => randomBytes(3_000_000)],
    ["a body without a length", () => new Blob([randomBytes(3_000_000)]).stream()],
  ])("answers 413 to %s that is too large, while it is being sent", async (_what, body) => {
    const server = await startTestServer({ worker: false, files: { maxBytes: 100_000 } });

    const answer = await upload(server, body());

    expect(answer.status).toBe(413);
    expect((await jsonOf<Problem>(answer)).code).toBe("payload_too_large");
    expect(server.fileIds()).toEqual([]);
    expect(server.complaints).toEqual([]);
  });

  it("keeps nothing of an upload that breaks off", async () => {
    const server = await startTestServer({ worker: false });
    const socket = await speak(await server.listen({ port: 0 }));
    socket.send(
      `POST ${FILES} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf`,
    );

    socket.leave();

    await until(async () => (await connections(server)) === 0, { what: "the connection is gone" });
    expect(server.fileIds()).toEqual([]);
    expect(server.complaints).toEqual([]);
  });
});

function connections({ app }: TestServer): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

describe("GET /api/v2/files/{id}", () => {
  const withFile = async (content = "0123456789") => {
    const server = await startTestServer({ worker: false });
    const disposition = `attachment; filename*=UTF-8''%e2%82%ac%22uro.txt`;
    const answer = await post(server, FILES, content, {
      "content-type": "text/html",
      "content-disposition": disposition,
    });
    return { server, file: answer.json(), url: `${FILES}/${answer.json().id}` };
  };

  it("gives the bytes as an attachment that no browser runs", async () => {
    const { server, file, url } = await withFile();

    const answer = await get(server, url);

    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe("0123456789");
    expect(answer.headers).toMatchObject({
      "content-type": "text/html",
      "content-length": "10",
      "content-disposition": `attachment; filename="__uro.txt"; filename*=UTF-8''%E2%82%AC%22uro.txt`,
      etag: `"${file.sha256}"`,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "private, no-cache",
    });
  });

  it.each([
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-30", "0123456789", "bytes 0-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
  ])("serves %s", async (range, body, contentRange) => {
    const { server, url } = await withFile();

    const answer = await get(server, url, { range });

    expect(answer.statusCode).toBe(206);
    expect(answer.body).toBe(body);
    expect(answer.headers).toMatchObject({ "content-range": contentRange, "content-length": String(body.length) });
  });

  it.each(["bytes=0-1,3-4", "lines=1-2", "bytes=5-2", "bytes=a-b", "bytes=-", "bytes"])("ignores %s", async (range) => {
    const { server, url } = await withFile();

    const answer = await get(server, url, { range });

    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe("0123456789");
  });

  it.each(["bytes=10-", "bytes=-0", "bytes=99-100", "bytes=999999999999999-"])("answers 416 to %s", async (range) => {
    const { server, url } = await withFile();

    const answer = await get(server, url, { range });

    expect(answer.statusCode).toBe(416);
    expect(answer.headers["content-range"]).toBe("bytes */10");
    expect(answer.json()).toMatchObject({ status: 416, code: "invalid_request" });
  });

  it("goes on with a download only of the same file", async () => {
    const { server, file, url } = await withFile();

    const same = await get(server, url, { range: "bytes=8-", "if-range": `"${file.sha256}"` });
    const other = await get(server, url, { range: "bytes=8-", "if-range": '"other"' });
    const weak = await get(server, url, { range: "bytes=8-", "if-range": `W/"${file.sha256}"` });

    expect([same.statusCode, other.statusCode, weak.statusCode]).toEqual([206, 200, 200]);
  });

  it("answers 304 to who has it, and HEAD without bytes", async () => {
    const { server, file, url } = await withFile();

    const known = await get(server, url, { "if-none-match": `"x", "${file.sha256}"` });
    const head = await server.app.inject({ method: "HEAD", url, headers: { range: "bytes=0-1" } });

    expect(known.statusCode).toBe(304);
    expect(known.headers.etag).toBe(`"${file.sha256}"`);
    expect(head.statusCode).toBe(200);
    expect(head.headers["content-length"]).toBe("10");
    expect(head.body).toBe("");
  });

  it("is gone after DELETE", async () => {
    const { server, url } = await withFile();

    const removed = await server.app.inject({ method: "DELETE", url });

    expect(removed.statusCode).toBe(204);
    expect((await get(server, url)).json()).toMatchObject({ status: 404, code: "file_not_found" });
    expect((await server.app.inject({ method: "DELETE", url })).statusCode).toBe(404);
  });

  it.each([NOWHERE, "42", "x".repeat(90)])("answers 404 for %s", async (id) => {
    const server = await startTestServer({ worker: false });

    expect((await get(server, `${FILES}/${id}`)).json().code).toBe("file_not_found");
  });
});
