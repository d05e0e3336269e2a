// Waiting for facts: as long as it takes, no longer than the limit.
import { describe, expect, it } from "vitest";
import { Gate, until } from "./waiting.js";

describe("until", () => {
  it("returns the first answer that is one, 0 and empty text among them", async () => {
    const answers = [undefined, null, false, 0];

    expect(await until(() => answers.shift(), { what: "there is an answer" })).toBe(0);
  });

  it("names what did not come", async () => {
    const waiting = until(() => false, { what: "the job is COMPLETED", limitMs: 5 });

    await expect(waiting).rejects.toThrow("Waited 5 ms in vain until the job is COMPLETED.");
  });

  it("lets an error of the question through at once", async () => {
    const broken = (): never => {
      throw new Error("no such job");
    };

    await expect(until(broken, { what: "it is there" })).rejects.toThrow("no such job");
  });
});

describe("Gate", () => {
  it("holds whoever comes until it is opened, and nobody afterwards", async () => {
    const gate = new Gate();
    const passed: string[] = [];
    const first = gate.passed.then(() => passed.push("first"));
    expect([gate.isOpen, passed]).toEqual([false, []]);

    gate.open();
    await first;
    await gate.passed;

    expect([gate.isOpen, passed]).toEqual([true, ["first"]]);
  });
});
