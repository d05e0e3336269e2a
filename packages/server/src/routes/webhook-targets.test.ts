// The target that a job names itself: in the body or in the query of its submit, and never inside.
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { startHookReceiver } from "../testing/receiver.js";
import { get, post } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const TARGET = "https://hooks.example.com/a";

describe("the target of a job", () => {
  it.each(["http://127.0.0.2/", "http://[::ffff:127.0.0.1]/", "https://localhost/", "nonsense"])(
    "may not be %s",
    async (url) => {
      const server = await startTestServer({ worker: false });

      const inBody = await post(server, "/api/v2/jobs", { type: "test.echo", webhook: { url } });
      const inQuery = await post(server, `/api/v2/jobs?webhookUrl=${encodeURIComponent(url)}`, { type: "test.echo" });

      for (const answer of [inBody, inQuery]) {
        expect(answer.json()).toMatchObject({
          status: 422,
          code: "invalid_parameters",
          errors: [{ pointer: "#/webhook/url", detail: expect.any(String) }],
        });
      }
      expect((await get(server, "/api/v2/jobs")).json().items).toEqual([]);
    },
  );

  it("may stand in the query, also of a job type's own route", async () => {
    const server = await startTestServer();
    const receiver = await startHookReceiver();
    const query = `?webhookUrl=${encodeURIComponent(receiver.url)}`;
    const upload = await post(server, "/api/v2/files", "0123456789", { "content-type": "text/plain" });

    const plain = await post(server, `/api/v2/jobs${query}`, { type: "test.echo" });
    const own = await post(server, `/api/forms${query}`, { file: upload.json().id });
    const form = await post(
      server,
      `/api/forms${query}`,
      "--b\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\nx\r\n--b--\r\n",
      {
        "content-type": "multipart/form-data; boundary=b",
      },
    );

    const ids = [plain, own, form].map((answer) => answer.json().id);
    expect([plain, own, form].map((answer) => answer.json().webhookEnabled)).toEqual([true, true, true]);
    await until(() => receiver.hooks.length === 3, { what: "all three have come" });
    expect(new Set(receiver.hooks.map(({ body }) => body.data.job.id))).toEqual(new Set(ids));
  });

  it("stands in the body or in the query, not in both, and not in the query of a batch", async () => {
    const server = await startTestServer({ worker: false });
    const query = `?webhookUrl=${encodeURIComponent(TARGET)}`;

    const twice = await post(server, `/api/v2/jobs${query}`, { type: "test.echo", webhook: { url: TARGET } });
    const batch = await post(server, `/api/v2/jobs/batch${query}`, { jobs: [{ type: "test.echo" }] });

    for (const answer of [twice, batch]) {
      expect(answer.json()).toMatchObject({ status: 400, code: "invalid_request", parameter: "webhookUrl" });
    }
  });

  it("is part of what an idempotency key stands for", async () => {
    const server = await startTestServer({ worker: false });
    const key = { "idempotency-key": "k" };
    const send = (url: string) =>
      post(server, `/api/v2/jobs?webhookUrl=${encodeURIComponent(url)}`, { type: "test.echo" }, key);

    const first = await send(TARGET);
    const same = await send(TARGET);
    const other = await send(`${TARGET}/other`);

    expect(same.json().id).toBe(first.json().id);
    expect(other.json()).toMatchObject({ status: 422, code: "idempotency_key_reused" });
  });
});
