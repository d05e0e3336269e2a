// Erasing files whose bytes cannot all be removed.
import { ManualClock } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { createIdSource } from "../ids.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { FileBytes } from "./file-bytes.js";
import { createFiles } from "./files.js";

it("one file that cannot be removed keeps none of the others", async () => {
  const clock = new ManualClock();
  const kept = new Set<string>();
  const bytes = {
    write: async (id: string) => {
      kept.add(id);
      return { sizeBytes: 1, sha256: "00" };
    },
    remove: async (id: string) => {
      if (id === stuck.id) throw new Error("not permitted");
      kept.delete(id);
    },
  } as unknown as FileBytes;
  const ids = createIdSource({ clock, randomBytes: (block) => void block.fill(7) });
  const files = createFiles({ records: createMemoryStore({ clock }).files, bytes, ids, clock });
  const about = { owner: "acme", name: "a", mediaType: "text/plain" };
  const stuck = await files.save("x", about);
  const others = [await files.save("x", about), await files.save("x", about)];

  const erasing = files.eraseUnlinked([stuck, ...others].map(({ id }) => id));

  await expect(erasing).rejects.toThrow("not permitted");
  expect([...kept]).toEqual([stuck.id]);
});
