// What was made is undone: once, newest first, and whatever else fails.
import { describe, expect, it } from "vitest";
import { Cleanup } from "./cleanup.js";

describe("Cleanup", () => {
  it("undoes the newest first", async () => {
    const order: string[] = [];
    const cleanup = new Cleanup();
    cleanup.add("directory", async () => void order.push("directory"));
    cleanup.add("server", async () => void order.push("server"));

    await cleanup.undo();

    expect(order).toEqual(["server", "directory"]);
  });

  it("undoes a thing once, and whoever asks meanwhile waits until it is done", async () => {
    let times = 0;
    let finished = false;
    const cleanup = new Cleanup();
    cleanup.add("database", async () => {
      times += 1;
      await new Promise((resolve) => setImmediate(resolve));
      finished = true;
    });

    void cleanup.undo();
    await cleanup.undo();

    expect([times, finished]).toEqual([1, true]);
  });

  it("names what could not be undone and goes on with the rest", async () => {
    let undone = false;
    const cleanup = new Cleanup();
    cleanup.add("directory", async () => {
      undone = true;
    });
    cleanup.add("server", () => Promise.reject(new Error("still busy")));

    await expect(cleanup.undo()).rejects.toThrow("server: still busy");

    expect(undone).toBe(true);
  });
});
