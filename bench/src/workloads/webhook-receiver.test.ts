// The receiver counts each webhook once, however often it comes.
import { request } from "node:http";
import { afterEach, expect, it } from "vitest";
import { WebhookReceiver } from "./webhook-receiver.js";

const receiver = new WebhookReceiver();

afterEach(() => receiver.close());

function post(url: string, id: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: "POST", headers: { "webhook-id": id } }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
    });
    sending.on("error", reject).end(body);
  });
}

it("tells how many came, how often one came again, and how old their events were", async () => {
  const { url } = await receiver.open();
  const body = JSON.stringify({ type: "job.completed", timestamp: new Date(Date.now() - 60_000).toISOString() });

  expect(await post(url, "a", body)).toBe(204);
  await post(url, "a", body);
  const receiving = receiver.receive({ count: 2 });
  await post(url, "b", body);
  const outcome = await receiving;

  expect(outcome).toMatchObject({ received: 2, repeated: 1, bodyBytes: body.length });
  expect(outcome.p50Ms).toBeGreaterThanOrEqual(60_000);
  expect(outcome.p50Ms).toBeLessThan(80_000);
});
