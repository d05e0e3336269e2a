// Webhooks of a program that uses meanwhile as a library: they arrive by themselves, signed, and only where they may go.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyWebhook } from "@meanwhile/client";
import { defineJob, LOCAL_PRINCIPAL } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMeanwhile, type MeanwhileOptions } from "./create-meanwhile.js";
import { VERSION } from "./version.js";

const echo = defineJob({ type: "echo", run: ({ parameters }) => parameters });

async function start(options: Partial<MeanwhileOptions>) {
  const folder = await mkdtemp(join(tmpdir(), "meanwhile-webhooks-"));
  const files = join(folder, "files");
  const meanwhile = await createMeanwhile({ jobs: [echo], store: "memory:", files, ...options });
  onTestFinished(async () => {
    await meanwhile.stop({ graceMs: 0 });
    await rm(folder, { recursive: true, force: true });
  });
  await meanwhile.start();
  return meanwhile;
}

interface Came {
  headers: Record<string, string>;
  body: string;
}

/** Answers with these statuses by and by, the last one for ever. */
async function startReceiver(...statuses: number[]): Promise<{ url: string; came: Came[] }> {
  const came: Came[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    came.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
    response.writeHead(statuses.length > 1 ? statuses.shift()! : (statuses[0] ?? 204)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, came };
}

describe("webhooks of a program", () => {
  it("arrive signed, with absolute links where the public address is known", async () => {
    const receiver = await startReceiver();
    const meanwhile = await start({
      webhooks: { allowPrivateTargets: ["127.0.0.1"] },
      server: { publicUrl: "https://jobs.example.com/" },
    });
    const { secret } = await meanwhile.engine.webhooks.ownSecret({ principal: LOCAL_PRINCIPAL });

    const job = await meanwhile.submit(echo, { n: 1 }, { webhook: { url: receiver.url } });
    const { headers, body } = await until(() => receiver.came[0], { what: "the webhook has come" });

    const { type, data } = await verifyWebhook({ headers, body }, secret);
    expect([type, data.job.id, data.job.result]).toEqual(["job.completed", job.id, { n: 1 }]);
    expect(data.job.links.self).toBe(`https://jobs.example.com/api/v2/jobs/${job.id}`);
    expect(headers["user-agent"]).toBe(`meanwhile/${VERSION}`);
  });

  it("are sent again after the schedule of the program", async () => {
    const receiver = await startReceiver(500, 500, 204);
    const meanwhile = await start({ webhooks: { allowPrivateTargets: ["127.0.0.1"], scheduleMs: [1, 1] } });

    await meanwhile.submit(echo, {}, { webhook: { url: receiver.url } });

    await until(() => receiver.came.length === 3, { what: "it was sent three times" });
    expect(new Set(receiver.came.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  it("go nowhere private, and to https only, unless the program says otherwise", async () => {
    const usual = await start({});
    const strict = await start({ webhooks: { requireHttpsTargets: true } });
    const submitTo = (meanwhile: typeof usual, url: string) => meanwhile.submit(echo, {}, { webhook: { url } });

    const refusal = { code: "invalid_parameters", faults: [{ pointer: "#/webhook/url", detail: expect.any(String) }] };
    await expect(submitTo(usual, "http://127.0.0.1:9/")).rejects.toMatchObject(refusal);
    await expect(submitTo(strict, "http://192.0.43.8/")).rejects.toMatchObject(refusal);
  });

  it.each([{ allowPrivateTargets: ["not a host"] }, { scheduleMs: [-1] }, { timeoutMs: 0 }, { retentionMs: -1 }])(
    "are refused with %j",
    async (webhooks) => {
      await expect(createMeanwhile({ jobs: [echo], store: "memory:", webhooks })).rejects.toMatchObject({
        name: "ConfigurationError",
        message: expect.stringContaining(Object.keys(webhooks)[0]!),
      });
    },
  );
});
