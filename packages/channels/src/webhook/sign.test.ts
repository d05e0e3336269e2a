// Signatures, by the published vector and by a verifier that others wrote.
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { signatureHeader } from "./sign.js";

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;
const now = () => Math.floor(Date.now() / 1_000);

describe("signatureHeader", () => {
  it("gives the value of the vector", () => {
    const body = '{"type":"job.succeeded","timestamp":"2025-11-22T09:00:00.000Z","data":{"id":"job_42"}}';
    const message = { id: "msg_01JD8Z4Q7T2N5V6W8X9Y0ABCDE", timestamp: 1_763_802_000, body };

    const header = signatureHeader(message, ["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]);

    expect(header).toBe("v1,us3EksVyKe+VyjeQ3UZZ1kZHeO+8TPlJMCOF4nLmFpc=");
  });

  it("is verified by Standard Webhooks' own library, for each of two secrets, also over text beyond ASCII", () => {
    const message = { id: "msg_1", timestamp: now(), body: '{"text":"Grüße 🌊"}' };
    const secrets = [secretOf(1), secretOf(2)];
    const headers = {
      "webhook-id": message.id,
      "webhook-timestamp": String(message.timestamp),
      "webhook-signature": signatureHeader(message, secrets),
    };

    for (const secret of secrets)
      expect(new Webhook(secret).verify(message.body, headers)).toEqual({ text: "Grüße 🌊" });
    expect(() => new Webhook(secretOf(3)).verify(message.body, headers)).toThrow("No matching signature");
  });

  it.each([
    ["the body", { body: '{"a":2}' }],
    ["the id", { "webhook-id": "msg_2" }],
    ["the timestamp", { "webhook-timestamp": String(now() - 1) }],
  ])("is refused by that library once %s was changed", (_what, change) => {
    const message = { id: "msg_1", timestamp: now(), body: '{"a":1}' };
    const signed = {
      body: message.body,
      "webhook-id": message.id,
      "webhook-timestamp": String(message.timestamp),
      "webhook-signature": signatureHeader(message, [secretOf(1)]),
    };
    const { body, ...headers } = { ...signed, ...change };

    expect(() => new Webhook(secretOf(1)).verify(body, headers)).toThrow("No matching signature");
  });

  it.each(["", "whsec_", "whsec_!!!", "AAECAwQ", "whpk_AAECAwQ="])(
    "says what a secret looks like, not what came: %j",
    (secret) => {
      expect(() => signatureHeader({ id: "a", timestamp: 1, body: "" }, [secret])).toThrow(
        new TypeError('A webhook secret must be "whsec_" and base64.'),
      );
    },
  );
});
