// The ceiling for webhooks: undici alone, the same bodies on as many connections, nothing stored or signed.
import { randomUUID } from "node:crypto";
import { Agent } from "undici";
import type { StoreAddress, WebhookContender } from "../contender.js";
import { echoParameters, echoResult } from "../jobs.js";

/** As many as our dispatcher sends to one receiver at once. */
const CONNECTIONS = 20;

export async function openBareUndici(_store: StoreAddress, { url }: { url: string }): Promise<WebhookContender> {
  const { origin, pathname: path } = new URL(url);
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1 });
  return {
    async send() {
      const headers = { "content-type": "application/json", "webhook-id": randomUUID() };
      const answer = await agent.request({ origin, path, method: "POST", headers, body: bodyOf(randomUUID()) });
      await answer.body.dump();
    },
    close: () => agent.destroy(),
  };
}

/** A finished job and its last event, as a webhook tells of them. */
function bodyOf(id: string): string {
  const now = new Date().toISOString();
  const result = echoResult();
  const job = {
    ...{ id, type: "demo.echo", status: "COMPLETED", statusUrl: `/api/v2/jobs/${id}`, parameters: echoParameters(1) },
    ...{ progress: { progressPercentage: 100, message: null, currentStep: null, totalSteps: null } },
    ...{ priority: 0, attempt: 1, maxAttempts: 3, queuePosition: null, cancelRequested: false, callbackId: null },
    ...{ webhookEnabled: true, tags: [], createdAt: now, updatedAt: now, startedAt: now, completedAt: now },
    ...{ runAt: now, startBy: null, completeBy: null, purgeAt: now, result, error: null, rerunOf: null, lastSeq: 3 },
  };
  const event = {
    jobId: id,
    seq: 3,
    type: "job.completed",
    status: "COMPLETED",
    at: now,
    attempt: 1,
    data: { result },
  };
  return JSON.stringify({ type: "job.completed", timestamp: now, data: { job, event } });
}
