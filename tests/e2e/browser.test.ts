// A page in Chromium, with nothing but what browsers bring: it gets a ticket, and follows a job by EventSource and WebSocket.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { JOB_EVENT_TYPES } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openPage } from "../harness/browser.js";
import { suiteFolder } from "../harness/folder.js";
import { type Pair, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { listenByEventSource, listenByWebSocket, type Watching } from "../readers/page.js";
import { upTo } from "../readers/start-reader.js";

const API_KEY = `mw_${"browser".repeat(7)}`;
const folder = suiteFolder();
let pair: Pair;

beforeAll(async () => {
  pair = await startPair({ folder, apiKey: API_KEY });
});
afterAll(async () => {
  await pair.stop();
  killLeftovers();
});

const ticketOf = async (path: string) => {
  const { status, body } = await pair.api.request<{ ticket: string }>("POST", path, { body: { ttlMs: 60_000 } });
  expect(status).toBe(200);
  return body.ticket;
};

/** A page of the server's own origin. Any will do that may connect: the one for people may not. */
const ownPage = () => `${pair.api.address}/healthz`;

const look = (page: Page) => page.evaluate(() => (globalThis as unknown as { watching: Watching }).watching);

const sees = (page: Page, seq: number) =>
  until(async () => (await look(page)).seqs.at(-1)! >= seq, { what: `the page has seen ${seq}`, limitMs: 12_000 });

describe("a page in Chromium", () => {
  it("follows a job by EventSource with a ticket, across a cut connection and a killed server", async (context) => {
    const page = await openPage(ownPage(), context);
    const job = await pair.submitStream({ count: 30, stopBefore: [11, 21] });
    const ticket = await ticketOf(`/api/v2/jobs/${job.id}/ticket`);

    const url = `/api/v2/jobs/${job.id}/events?ticket=${ticket}`;
    await page.evaluate(listenByEventSource, { url, types: JOB_EVENT_TYPES });
    await sees(page, job.seqOf(10));
    pair.server.front.cut();
    await pair.server.kill();
    job.letOn(11);
    await job.logReaches(job.seqOf(20));
    await pair.server.start();
    await sees(page, job.seqOf(20));
    job.letOn(21);

    await until(async () => (await look(page)).state === "ended", { what: "the stream has ended", limitMs: 12_000 });
    expect((await look(page)).seqs).toEqual(upTo(job.total));
  });

  it("follows a job by WebSocket with a ticket, across a killed server", async (context) => {
    const page = await openPage(ownPage(), context);
    const job = await pair.submitStream({ count: 30, stopBefore: [11, 21] });
    const ticket = await ticketOf(`/api/v2/jobs/${job.id}/ticket`);

    const url = `${pair.api.address.replace("http:", "ws:")}/websocket?ticket=${ticket}`;
    await page.evaluate(listenByWebSocket, { url, jobId: job.id });
    await sees(page, job.seqOf(10));
    await pair.server.kill();
    job.letOn(11);
    await job.logReaches(job.seqOf(20));
    await pair.server.start();
    await sees(page, job.seqOf(20));
    job.letOn(21);

    await until(async () => (await look(page)).state === "ended", { what: "the job has ended", limitMs: 12_000 });
    expect((await look(page)).seqs).toEqual(upTo(job.total));
  });

  it("without a ticket, or with that of another job, sees nothing", async (context) => {
    const page = await openPage(ownPage(), context);
    const [mine, other] = [await pair.submitStream({ count: 1 }), await pair.submitStream({ count: 1 })];
    const ticket = await ticketOf(`/api/v2/jobs/${other.id}/ticket`);

    for (const query of ["", `?ticket=${ticket}`]) {
      await page.evaluate(listenByEventSource, {
        url: `/api/v2/jobs/${mine.id}/events${query}`,
        types: JOB_EVENT_TYPES,
      });
      await until(async () => (await look(page)).state === "ended", { what: "EventSource gives up" });
      expect((await look(page)).seqs).toEqual([]);
    }
  });

  it("of another origin is not let in over WebSocket, whatever its ticket", async (context) => {
    const elsewhere = createServer((_, answer) => void answer.end("a page")).listen(0, "127.0.0.1");
    onTestFinished(() => void elsewhere.close());
    await once(elsewhere, "listening");
    const page = await openPage(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`, context);
    const job = await pair.submitStream({ count: 1 });
    const ticket = await ticketOf(`/api/v2/jobs/${job.id}/ticket`);

    const url = `${pair.api.address.replace("http:", "ws:")}/websocket?ticket=${ticket}`;
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    const code = await page.evaluate(
      (address) =>
        new Promise<number>((resolve) => {
          new WebSocket(address).addEventListener("close", (event) => resolve(event.code));
        }),
      url,
    );

    // Browsers tell pages nothing about a refused handshake but that there was no connection; people see it in the console.
    expect(code).toBe(1006);
    expect(complaints.join()).toContain("403");
  });
});
