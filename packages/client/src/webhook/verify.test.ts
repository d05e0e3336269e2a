import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { verifyWebhook } from "./verify.js";

const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER = "whsec_/////////////////////////////////////////w==";
const NOW = 1_763_802_000_000;
const BODY = JSON.stringify({
  type: "job.completed",
  timestamp: "2025-11-22T09:00:00.000Z",
  data: { job: { id: "ä" } },
});

/** Signed by the reference implementation of the standard. */
const delivery = ({ body = BODY, at = NOW, secret = SECRET } = {}) => ({
  headers: {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(at / 1_000),
    "webhook-signature": new Webhook(secret).sign("msg_1", new Date(at), body),
  },
  body,
});

describe("verifyWebhook", () => {
  it("takes what the reference implementation signs, as text, as bytes and as a Request", async () => {
    const { headers, body } = delivery();

    const request = new Request("http://localhost/hook", { method: "POST", headers, body });
    const results = await Promise.all([
      verifyWebhook({ headers, body }, SECRET, { now: NOW }),
      verifyWebhook({ headers, body: new TextEncoder().encode(body) }, SECRET, { now: NOW }),
      verifyWebhook(request, SECRET, { now: NOW }),
    ]);

    for (const result of results) expect(result).toEqual(JSON.parse(BODY));
  });

  it("takes the published vector of the standard's own example", async () => {
    const body = '{"type":"job.succeeded","timestamp":"2025-11-22T09:00:00.000Z","data":{"id":"job_42"}}';
    const headers = {
      "webhook-id": "msg_01JD8Z4Q7T2N5V6W8X9Y0ABCDE",
      "webhook-timestamp": "1763802000",
      "webhook-signature": "v1,us3EksVyKe+VyjeQ3UZZ1kZHeO+8TPlJMCOF4nLmFpc=",
    };

    expect(await verifyWebhook({ headers, body }, SECRET, { now: NOW })).toMatchObject({ data: { id: "job_42" } });
  });

  it("takes either secret, and either signature, while a secret is rotated", async () => {
    const { headers, body } = delivery();
    const second = new Webhook(OTHER).sign("msg_1", new Date(NOW), body);
    const both = { ...headers, "webhook-signature": `${second} ${headers["webhook-signature"]} v1a,AAAA` };

    await verifyWebhook({ headers, body }, [OTHER, SECRET], { now: NOW });
    await verifyWebhook({ headers: both, body }, SECRET, { now: NOW });
    await verifyWebhook({ headers: both, body }, OTHER, { now: NOW });
  });

  it("refuses a body with one other byte, another id, another secret, another time", async () => {
    const { headers, body } = delivery();
    const forged = [
      { headers, body: body.replace("completed", "cOmpleted") },
      { headers: { ...headers, "webhook-id": "msg_2" }, body },
      { headers: { ...headers, "webhook-timestamp": String(NOW / 1_000 + 1) }, body },
      delivery({ secret: OTHER }),
      { headers: { ...headers, "webhook-signature": "v1,####" }, body },
      { headers: { ...headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,") }, body },
    ];

    for (const each of forged) {
      await expect(verifyWebhook(each, SECRET, { now: NOW })).rejects.toMatchObject({ code: "no_match" });
    }
  });

  it.each([
    [300_000, undefined],
    [301_000, "too_old"],
    [-300_000, undefined],
    [-301_000, "too_new"],
  ])("a clock that is %i ms on: %s", async (aheadMs, code) => {
    const verified = verifyWebhook(delivery(), SECRET, { now: NOW + aheadMs }).then(
      () => undefined,
      (error) => error.code,
    );

    expect(await verified).toBe(code);
  });

  it("says which header is missing, and what a secret is", async () => {
    const { headers, body } = delivery();
    const { "webhook-id": _, ...without } = headers;

    await expect(verifyWebhook({ headers: without, body }, SECRET)).rejects.toThrow("The header webhook-id is missing");
    await expect(verifyWebhook({ headers, body }, "mine")).rejects.toThrow('must be "whsec_" and base64');
    await expect(verifyWebhook({ headers, body: { parsed: true } as never }, SECRET, { now: NOW })).rejects.toThrow(
      "mount the receiver in front of body parsers",
    );
  });

  it("a signed body that is no webhook is refused", async () => {
    await expect(verifyWebhook(delivery({ body: "[]" }), SECRET, { now: NOW })).rejects.toMatchObject({
      code: "unreadable_body",
    });
  });
});
