// What a secret of Standard Webhooks may look like.
import { describe, expect, it } from "vitest";
import { isWebhookSecret } from "./webhook-faults.js";

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 0xfb).toString("base64")}`;

describe("a webhook secret", () => {
  it.each([24, 25, 32, 63, 64])("may hold %i bytes", (bytes) => {
    expect(isWebhookSecret(secretOf(bytes))).toBe(true);
  });

  it.each([
    ["too short", secretOf(23)],
    ["too long", secretOf(65)],
    ["without its prefix", secretOf(32).slice("whsec_".length)],
    ["base64url", secretOf(32).replaceAll("+", "-")],
    ["without its padding", secretOf(32).replace(/=+$/, "")],
    ["with a line end", `${secretOf(32)}\n`],
  ])("must not be %s", (_, text) => {
    expect(isWebhookSecret(text)).toBe(false);
  });
});
