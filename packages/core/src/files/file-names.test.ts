// Names of files, as callers and handlers give them.
import { ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { createIdSource } from "../ids.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { FileBytes } from "./file-bytes.js";
import { createFiles } from "./files.js";

describe("the name of a saved file", () => {
  it("is text that every store keeps, at most 255 characters of it", async () => {
    const clock = new ManualClock();
    const bytes = { write: async () => ({ sizeBytes: 1, sha256: "00" }) } as unknown as FileBytes;
    const ids = createIdSource({ clock, randomBytes: (block) => void block.fill(7) });
    const files = createFiles({ records: createMemoryStore({ clock }).files, bytes, ids, clock });

    const { name } = await files.save("x", {
      owner: "acme",
      name: `a\0b \ud800 ${"x".repeat(300)}`,
      mediaType: "text/plain",
    });

    expect(name).toMatch(/^a␀b \ufffd x+$/);
    expect(name).toHaveLength(255);
  });
});
