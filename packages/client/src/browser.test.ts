// The built client in a real browser, on a page of another origin: what a site without a bundler would do.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { startPageServer } from "./testing/page-server.js";
import { startRealServer } from "./testing/real-server.js";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Runs in the page. */
const WHOLE_LIFE = `async ({ baseUrl, transport }) => {
  const { createClient } = await import("@meanwhile/client");
  const notices = [];
  const client = createClient({ baseUrl, token: "mw_page", transport, onNotice: (notice) => notices.push(notice.kind + " " + (notice.reason ?? notice.error?.message)) });
  const file = await client.upload(new File(["hello"], "hello.txt", { type: "text/plain" }));
  const copied = await (await client.submit("test.copy", { file: file.id })).result();
  const text = await (await client.download(copied.file)).text();
  const job = await client.submit("test.count", { upTo: 3 });
  const types = [];
  for await (const event of job.events()) types.push(event.type);
  const path = await client.upload("/etc/hosts").catch((error) => error.message);
  const refused = await client.submit("test.count", { upTo: -1 }).catch((error) => error.code + " " + error.traceId.length);
  return { text, types: types.filter((type) => type !== "job.progress"), result: await job.result(), path, refused, notices };
}`;

it.for(["sse", "websocket", "long-polling"])("a page does everything, following by %s", async (transport, context) => {
  if (!existsSync(CHROMIUM)) return context.skip(`needs Chromium at ${CHROMIUM}`);
  const origin = await startPageServer();
  const { url } = await startRealServer({ apiKeys: [{ owner: "ada", key: "mw_page" }], allowedOrigins: [origin] });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(origin);

  const seen = await page.evaluate(`(${WHOLE_LIFE})(${JSON.stringify({ baseUrl: url, transport })})`);

  expect(seen).toEqual({
    text: "hello",
    types: ["job.submitted", "job.started", "job.output", "job.output", "job.output", "job.completed"],
    result: { counted: 3 },
    path: expect.stringContaining("they need Node"),
    refused: "invalid_parameters 32",
    notices: [],
  });
});
