// The API page and the document behind it, the page in a real browser where there is one.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { createAnswerCheck } from "../testing/answer-schemas.js";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

describe("GET /openapi.json", () => {
  it("names every type with its parameters", async () => {
    const server = await startTestServer({ worker: false });

    const { components, paths, openapi } = (await get(server, "/openapi.json")).json();

    expect(openapi).toBe("3.1.0");
    expect(components.schemas.SubmitJob.properties.type.enum).toContain("test.gated");
    expect(components.schemas["Parameters.test.gated"].properties.gate).toEqual({ type: "string" });
    expect(paths["/api/forms"].post.requestBody.content).toHaveProperty("multipart/form-data");
  });

  it("describes the answers as they are", async () => {
    const server = await startTestServer();
    const findFault = createAnswerCheck((await get(server, "/openapi.json")).json());
    const done = await submit(server, { type: "test.echo", tags: ["a"] }, { prefer: "wait=30" });
    const failed = await submit(
      server,
      { type: "test.fail", parameters: { code: "c", message: "m" } },
      { prefer: "wait=30" },
    );
    const file = (await post(server, "/api/v2/files", "x", { "content-type": "text/plain" })).json();
    const asked: [string, string][] = [
      ["getJob", `/api/v2/jobs/${done.id}`],
      ["getJob", `/api/v2/jobs/${failed.id}`],
      ["listJobs", "/api/v2/jobs?limit=1"],
      ["getProgress", `/api/v2/jobs/${done.id}/progress`],
      ["getResult", `/api/v2/jobs/${done.id}/result`],
      ["getResult", `/api/v2/jobs/${failed.id}/result`],
      ["listEvents", `/api/v2/jobs/${failed.id}/events`],
      ["listLogs", `/api/v2/jobs/${done.id}/logs`],
      ["getOperation", `/api/v2/operations/${failed.id}`],
      ["getJobV1", `/api/v1/jobs/${failed.id}`],
      ["getFile", `/api/v2/files/${file.id}`],
      ["getHealth", "/healthz"],
      ["getReadiness", "/readyz"],
      ["getOpenApi", "/openapi.json"],
    ];

    for (const [operationId, url] of asked) expect(findFault(operationId, await get(server, url)), url).toBeUndefined();
  });
});

describe("GET /docs", () => {
  it("may load nothing but its own style", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await get(server, "/docs");

    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; /,
    );
    expect(answer.body).not.toMatch(/<script|\son\w+=|\sstyle=|https?:\/\//);
    expect((await get(server, "/docs", { "if-none-match": String(answer.headers.etag) })).statusCode).toBe(304);
  });

  it("shows a line that works when pasted", async () => {
    const server = await startTestServer({ worker: false });
    const url = await server.listen({ port: 0 });

    const page = await (await fetch(`${url}/docs`)).text();

    const [, shown = ""] = /<pre class="try"><code>([\s\S]*?)<\/code>/.exec(page) ?? [];
    const command = shown.replaceAll("&quot;", '"').replaceAll("&#39;", "'");
    const { stdout } = await promisify(execFile)("bash", ["-c", command]);
    expect(JSON.parse(stdout)).toMatchObject({ status: "PENDING" });
  });

  it("shows what is posted to receivers, and every channel of the other document", async () => {
    const server = await startTestServer({ worker: false });
    const { channels } = (await get(server, "/asyncapi.json")).json() as {
      channels: Record<string, { title: string }>;
    };

    const { body } = await get(server, "/docs");

    expect(body).toMatch(/<details id="receiveEndpointEvent">.*<a href="#shape-WebhookBody">/s);
    expect(body).toContain('<code>event</code>: <a href="#shape-Event">Event</a>');
    const table = /<section id="channels">(.*?)<\/section>/s.exec(body)?.[1];
    for (const { title } of Object.values(channels)) expect(table).toContain(title.replaceAll("'", "&#39;"));
  });

  it("is readable in a browser, and leads to every refusal by its code", async (context) => {
    if (!existsSync(CHROMIUM)) context.skip(`there is no browser at ${CHROMIUM}`);
    const server = await startTestServer({ worker: false });
    const url = await server.listen({ port: 0 });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const troubles: string[] = [];
      const requested: string[] = [];
      page.on("console", (message) => troubles.push(message.text()));
      page.on("pageerror", (error) => troubles.push(String(error)));
      page.on("request", (request) => requested.push(request.url()));
      await page.goto(`${url}/docs#queue_full`);

      const details = page.locator("#submitJob");
      await details.locator("summary").click();

      expect(await details.locator("table").first().isVisible()).toBe(true);
      await details.locator("a[href='#shape-SubmitJob']").click();

      expect(await page.locator("#shape-SubmitJob").isVisible()).toBe(true);
      expect(await page.locator("#queue_full").isVisible()).toBe(true);
      expect(await page.evaluate("getComputedStyle(document.querySelector('.method')).backgroundColor")).not.toBe(
        "rgba(0, 0, 0, 0)",
      );
      await page.setViewportSize({ width: 375, height: 800 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
      expect(requested.filter((address) => !address.startsWith(url))).toEqual([]);
      expect(troubles.filter((text) => !text.includes("favicon"))).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
