// The member `webhook` of a submit: checked as a whole, asked about at the channel, kept with the job and its reruns.
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createScriptedChannel } from "../testing/scripted-channel.js";
import { startTestService } from "../testing/test-service.js";

const principal = LOCAL_PRINCIPAL;
const HOOK = "https://receiver.example/hooks";
const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

describe("a submit with a webhook", () => {
  it("keeps it with the job, with the events that end a job where none are named", async () => {
    const { engine } = await given();

    const { job } = await engine.submit({ type: "echo", webhook: { url: HOOK, secret } }, { principal });

    const events = ["job.completed", "job.failed", "job.cancelled", "job.rollback_completed"];
    expect(job.webhook).toEqual({ url: HOOK, events, secret });
  });

  it.each([
    { webhook: HOOK, pointer: "#/webhook" },
    { webhook: {}, pointer: "#/webhook/url" },
    { webhook: { url: "receiver.example" }, pointer: "#/webhook/url" },
    { webhook: { url: "https://private.example/" }, pointer: "#/webhook/url" },
    { webhook: { url: HOOK, events: [] }, pointer: "#/webhook/events" },
    { webhook: { url: HOOK, events: ["job.completed", "job.completed"] }, pointer: "#/webhook/events" },
    { webhook: { url: HOOK, secret: "secret" }, pointer: "#/webhook/secret" },
    { webhook: { url: HOOK, headers: {} }, pointer: "#/webhook/headers" },
  ])("is refused at $pointer for $webhook", async ({ webhook, pointer }) => {
    const { engine } = await given();

    await expect(engine.submit({ type: "echo", webhook }, { principal })).rejects.toMatchObject({
      code: "invalid_parameters",
      faults: [{ pointer }],
    });
  });

  it("never shows the secret that it refuses", async () => {
    const { engine } = await given();
    const webhook = { url: HOOK, secret: "my password" };

    const refused = engine.submit({ type: "echo", webhook }, { principal });

    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("my password") });
  });

  it("is refused in a batch by the item's pointer, and nothing is stored", async () => {
    const { engine } = await given();
    const items = [{ type: "echo" }, { type: "echo", webhook: { url: "https://private.example/" } }];

    await expect(engine.submitBatch(items, { principal })).rejects.toMatchObject({
      faults: [{ pointer: "#/jobs/1/webhook/url" }],
    });
    expect((await engine.list({ limit: 1 }, { principal })).items).toEqual([]);
  });

  it("is refused where the server has no such channel, before anything is stored", async () => {
    const { engine } = await startTestService([echo]);

    await expect(engine.submit({ type: "echo", webhook: { url: HOOK } }, { principal })).rejects.toMatchObject({
      faults: [{ pointer: "#/webhook/url", detail: expect.stringContaining("sends no webhooks") }],
    });
  });

  it("is kept by a rerun", async () => {
    const service = await given();
    const webhook = { url: HOOK, events: ["job.completed" as const], secret };
    const { job } = await service.engine.submit({ type: "echo", webhook }, { principal });
    await service.reaches(job.id, "COMPLETED");

    const rerun = await service.engine.rerun(job.id, { principal });

    expect(rerun.job.webhook).toEqual(webhook);
  });
});

const echo = defineJob({ type: "echo", run: async ({ parameters }) => parameters });

function given() {
  const refuse = (target: string) => (target.includes("private") ? "It resolves to a private address." : undefined);
  return startTestService([echo], { pushChannels: [createScriptedChannel({ refuse })] });
}
