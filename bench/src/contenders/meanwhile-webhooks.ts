// meanwhile on SQLite: jobs that end at once, each with a webhook of its own.
import { join } from "node:path";
import { createMeanwhile, defineJob } from "meanwhile";
import type { StoreAddress, WebhookContender } from "../contender.js";
import { echoParameters, echoResult, wrongStore } from "../jobs.js";
import { CONCURRENCY } from "./meanwhile.js";

export async function openMeanwhileWebhooks(store: StoreAddress, { url }: { url: string }): Promise<WebhookContender> {
  if (store.kind !== "directory") throw wrongStore("meanwhile on SQLite", "directory", store.kind);
  const echo = defineJob({ type: "demo.echo", concurrency: CONCURRENCY, run: () => echoResult() });
  const meanwhile = await createMeanwhile({
    jobs: [echo],
    store: `sqlite:${join(store.path, "meanwhile.db")}`,
    files: join(store.path, "files"),
    webhooks: { allowPrivateTargets: ["127.0.0.1"] },
  });
  await meanwhile.start();
  return {
    send: () => meanwhile.submit(echo, { ...echoParameters(1) }, { webhook: { url } }),
    close: () => meanwhile.stop(),
  };
}
