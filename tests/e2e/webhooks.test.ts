// Webhooks of a real process: what is owed to a receiver survives kill -9, and so do endpoints and their secrets.
import type { DeliveryResource, WebhookEndpointResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accept, startHookReceiver } from "../harness/hook-receiver.js";
import { killLeftovers } from "../harness/process.js";
import { type SteadyServer, startSteadyServer } from "../harness/steady-server.js";
import { describeOnEveryStore, suiteHome } from "../harness/stores.js";

describeOnEveryStore((kind) => {
  const home = suiteHome(kind);
  let server: SteadyServer;

  beforeAll(async () => {
    server = await startSteadyServer({
      ...home,
      // Long enough that nothing is tried again by itself while a test looks.
      env: { MEANWHILE_ALLOW_PRIVATE_TARGETS: "127.0.0.1", MEANWHILE_WEBHOOK_SCHEDULE_MS: "600000" },
    });
  });
  afterAll(async () => {
    await server.stop();
    killLeftovers();
  });

  async function deliveries(query: string): Promise<readonly DeliveryResource[]> {
    const { body } = await server.api.request<{ items: DeliveryResource[] }>(
      "GET",
      `/api/v2/webhooks/deliveries?${query}`,
    );
    return body.items;
  }

  describe("webhooks", () => {
    it("that a receiver did not take are still owed after kill -9, under the same id and with the same body", async () => {
      const receiver = await startHookReceiver();
      receiver.behave((response) => void response.writeHead(500).end());
      const { body: job } = await server.api.submit("test.echo", { n: 1 }, { webhook: { url: receiver.url } });
      const [owed] = await until(
        async () => {
          const items = await deliveries(`jobId=${job.id}&status=RETRY_PENDING`);
          return items.length === 1 && items;
        },
        { what: "the delivery waits for its next attempt" },
      );

      await server.kill();
      await server.start();
      receiver.behave(accept);
      const retried = await server.api.request("POST", `/api/v2/webhooks/deliveries/${owed!.id}/retry`);
      await until(() => receiver.hooks.length === 2, { what: "it is sent again" });

      expect(retried.status).toBe(202);
      const [first, second] = receiver.hooks;
      expect(second!.text).toBe(first!.text);
      expect([first, second].map((hook) => hook!.headers["webhook-id"])).toEqual([owed!.id, owed!.id]);
      const { body } = await server.api.request<{ secret: string }>("GET", "/api/v2/webhooks/secret");
      for (const { text, headers } of [first!, second!]) new Webhook(body.secret).verify(text, { ...headers });
      await until(async () => (await deliveries(`jobId=${job.id}&status=DELIVERED`)).length === 1, {
        what: "it is written down as delivered",
      });
    });

    it("go to standing endpoints of the process before, signed with both secrets of a rotation", async () => {
      const receiver = await startHookReceiver();
      const endpoints = "/api/v2/webhooks/endpoints";
      const made = await server.api.request<WebhookEndpointResource & { secret: string }>("POST", endpoints, {
        body: { url: receiver.url, types: ["test.echo"] },
      });
      const { id, secret: old } = made.body;
      const rotated = await server.api.request<{ secret: string }>("POST", `${endpoints}/${id}/rotate-secret`);

      await server.kill();
      await server.start();
      const { body: job } = await server.api.submit("test.echo", { n: 2 });
      const { headers, text, body } = await until(() => receiver.hooks[0], { what: "the event has come" });

      expect(body).toMatchObject({ type: "job.completed", data: { job: { id: job.id, result: { n: 2 } } } });
      for (const secret of [old, rotated.body.secret]) new Webhook(secret).verify(text, { ...headers });
      await server.api.request("DELETE", `${endpoints}/${id}`);
    });

    it("may not go inside, whoever asks", async () => {
      for (const url of ["http://127.0.0.2/", "http://db/", "http://169.254.169.254/", "http://[::1]/"]) {
        const { status, body } = await server.api.submit("test.echo", {}, { webhook: { url } });

        expect([status, body]).toMatchObject([
          422,
          { code: "invalid_parameters", errors: [{ pointer: "#/webhook/url" }] },
        ]);
      }
    });
  });
});
