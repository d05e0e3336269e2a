// How a page is read as steps, and typed into a shell.
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { isAsShown, readSteps } from "./read-steps.mjs";
import { openShell } from "./shell.mjs";

const block = (language, ...lines) => [`\`\`\`${language}`, ...lines, "```", ""].join("\n");

describe("readSteps", () => {
  it("takes commands with what they print, and files with their path", () => {
    const page = [
      block("sh", "curl a"),
      block("json", '{"a":1}'),
      block("ts", "// jobs/a.ts", "export {};"),
      block("text", "belongs to nothing"),
      block("ts", "const a = 1; // only shown"),
    ].join("\n");

    const steps = readSteps(page);

    expect(steps).toMatchObject([
      { kind: "run", code: "curl a", expected: '{"a":1}' },
      { kind: "write", path: "jobs/a.ts", code: "// jobs/a.ts\nexport {};\n" },
    ]);
  });
});

describe("isAsShown", () => {
  it.each([
    ["the same text", "a\nb", "a\nb\n", true],
    ["something left out", '{"id":"…","a":1}', '{"id":"7","a":1}', true],
    ["lines left out", "a\n…\nz", "a\nb\nc\nz", true],
    ["another text", "a", "b", false],
    ["more than is shown", "a", "a\nb", false],
    ["a text that looks like a pattern", "a.b", "axb", false],
  ])("judges %s", (_what, expected, printed, same) => {
    expect(isAsShown(expected, printed)).toBe(same);
  });
});

describe("openShell", () => {
  let shell;
  const open = (blockWithinMs = 10_000) => {
    shell = openShell({ folder: tmpdir(), environment: process.env, blockWithinMs });
    return shell;
  };
  afterEach(() => shell.close());

  it("keeps variables from block to block", async () => {
    const { run } = open();

    await run("A=five");
    const { printed, exitCode } = await run("echo $A\necho more");

    expect({ printed, exitCode }).toEqual({ printed: "five\nmore\n", exitCode: 0 });
  });

  it("fails a block of which any line fails", async () => {
    const { run } = open();

    const { exitCode } = await run("false\necho still");

    expect(exitCode).toBe(1);
  });

  it("gives up on a block that does not end", async () => {
    const { run } = open(50);

    const waiting = run("read -r never < <(tail -f /dev/null)");

    await expect(waiting).rejects.toThrow("not done within 50 ms");
  });
});
