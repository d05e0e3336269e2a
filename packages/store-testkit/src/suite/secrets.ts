// Secrets: whoever asks first makes them, and everybody gets that one.
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";

export function describeSecrets(given: Given): void {
  describe("secrets", () => {
    it("are those of the first writer, whatever later ones bring", async () => {
      const { secrets } = given.store;

      expect(await secrets.ensure("tickets", "first")).toBe("first");
      expect(await secrets.ensure("tickets", "second")).toBe("first");
    });

    it("of two names are two", async () => {
      const { secrets } = given.store;
      await secrets.ensure("tickets", "first");

      expect(await secrets.ensure("webhooks:acme", "other")).toBe("other");
      expect(await secrets.ensure("tickets", "again")).toBe("first");
    });

    it("are one for all who ask at the same moment", async () => {
      const asked = ["a", "b", "c"].map((candidate) => given.store.secrets.ensure("tickets", candidate));

      expect(new Set(await Promise.all(asked)).size).toBe(1);
    });
  });
}
