// The same API on a store that keeps: what was accepted is there for the next process.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { get, inStatus, post, submit } from "./testing/requests.js";
import { startTestServer } from "./testing/test-server.js";

function openStore(folder: string) {
  return createSqliteStore({ file: join(folder, "jobs.db") });
}

describe("on SQLite", () => {
  it("a job that one server accepted is run and read by the next", async () => {
    const folder = mkdtempSync(join(tmpdir(), "meanwhile-server-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const first = await startTestServer({ store: await openStore(folder), worker: false });
    const parameters = { text: "\u00e4 \ud83d\ude00", n: [1, { a: null }] };
    const { id } = await submit(first, { type: "test.echo", parameters, tags: ["kept"] }, { "idempotency-key": "k" });
    await first.close();

    const second = await startTestServer({ store: await openStore(folder) });

    const job = await inStatus(second, id, "COMPLETED");
    expect(job).toMatchObject({ parameters, result: parameters, tags: ["kept"] });
    expect((await get(second, "/api/v2/jobs?tag=kept")).json().items).toMatchObject([{ id }]);
    const again = await post(
      second,
      "/api/v2/jobs",
      { type: "test.echo", parameters, tags: ["kept"] },
      { "idempotency-key": "k" },
    );
    expect(again.json().id).toBe(id);
    expect((await get(second, `/api/v2/jobs/${id}/events`)).json().nextCursor).toBeNull();
  });

  it("a cursor that is none of its own is refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "meanwhile-server-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const server = await startTestServer({ store: await openStore(folder), worker: false });

    for (const cursor of ["x", "1e99", "-1", "eyJhIjoxfQ", "%F0%9F%98%80"]) {
      expect((await get(server, `/api/v2/jobs?cursor=${cursor}`)).statusCode).toBe(400);
    }
  });
});
