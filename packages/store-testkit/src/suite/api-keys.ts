// API keys: found by their hash, unique by name while in force, never forgotten.
import { type ApiKeyRecord, AppError } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId } from "../builders.js";
import type { Given } from "../describe-store.js";
import { NOW, SECOND } from "./moves.js";

function makeKey(given: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  const id = makeId();
  return {
    id,
    name: "ci",
    owner: "acme",
    hash: id.replaceAll("-", "").repeat(2),
    scopes: [],
    createdAt: NOW,
    expiresAt: null,
    revokedAt: null,
    ...given,
  };
}

export function describeApiKeys(given: Given): void {
  const insert = async (key: ApiKeyRecord): Promise<ApiKeyRecord> => {
    await given.store.apiKeys.insert(key);
    return key;
  };

  describe("API keys", () => {
    it("are found by their hash, whole", async () => {
      const key = await insert(makeKey({ scopes: ["jobs:read", "jobs:submit:report"], expiresAt: NOW + SECOND }));

      expect(await given.store.apiKeys.findByHash(key.hash)).toEqual(key);
      expect(await given.store.apiKeys.findByHash("0".repeat(64))).toBeUndefined();
    });

    it("are listed oldest first, revoked and expired ones too", async () => {
      const second = await insert(makeKey({ name: "b", createdAt: NOW + 1, expiresAt: NOW + 2 }));
      const first = await insert(makeKey({ name: "a", createdAt: NOW }));
      await given.store.apiKeys.revoke(first.id, { at: NOW + 5 });

      expect(await given.store.apiKeys.list()).toEqual([{ ...first, revokedAt: NOW + 5 }, second]);
    });

    it("refuse a second key of one name until the first is revoked", async () => {
      const first = await insert(makeKey({ expiresAt: NOW - 1 }));

      const refusal = await given.store.apiKeys.insert(makeKey()).catch((error: unknown) => error);
      await given.store.apiKeys.revoke("ci", { at: NOW });
      const second = await insert(makeKey());

      expect(refusal).toBeInstanceOf(AppError);
      expect(refusal).toMatchObject({ code: "conflict" });
      expect((await given.store.apiKeys.list()).map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
    });

    it("are revoked by id or by name, once", async () => {
      const byId = await insert(makeKey({ name: "a" }));
      const byName = await insert(makeKey({ name: "b" }));

      expect(await given.store.apiKeys.revoke(byId.id, { at: NOW })).toBe(true);
      expect(await given.store.apiKeys.revoke("b", { at: NOW + 1 })).toBe(true);
      expect(await given.store.apiKeys.revoke("b", { at: NOW + 2 })).toBe(false);
      expect(await given.store.apiKeys.revoke("never-there", { at: NOW })).toBe(false);
      expect(await given.store.apiKeys.findByHash(byName.hash)).toEqual({ ...byName, revokedAt: NOW + 1 });
    });

    it("of one name: revoking touches the one in force only", async () => {
      const old = await insert(makeKey());
      await given.store.apiKeys.revoke("ci", { at: NOW });
      const current = await insert(makeKey());

      await given.store.apiKeys.revoke("ci", { at: NOW + SECOND });

      expect(await given.store.apiKeys.findByHash(old.hash)).toMatchObject({ revokedAt: NOW });
      expect(await given.store.apiKeys.findByHash(current.hash)).toMatchObject({ revokedAt: NOW + SECOND });
    });
  });
}
