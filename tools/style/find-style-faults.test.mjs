// Each rule of style is broken once and must be noticed; what only looks like a breach must not.
import { describe, expect, it } from "vitest";
import { writeTree } from "../test-tree.mjs";
import { findStyleFaults } from "./find-style-faults.mjs";
import * as rules from "./rules.mjs";

const faultsOf = (files) => findStyleFaults(writeTree(files), rules);
const headed = (code) => `// Why it is here.\n${code}\n`;

describe("findStyleFaults", () => {
  it.each([
    ["a test that sleeps", "packages/core/src/a.test.ts", "await sleep(5);", "tests wait for facts"],
    ["a test with a timer", "tests/a.test.ts", "setTimeout(done, 5);", "tests wait for facts"],
    ["a timer as a promise", "tests/a.test.ts", 'import { setTimeout } from "node:timers/promises";', "tests wait"],
    ["a test that stands alone", "packages/core/src/a.test.ts", 'it.only("x", run);', "every test runs"],
    ["a test that is left out", "packages/core/src/a.test.ts", 'describe.skip("x", run);', "every test runs"],
    ["a library that prints", "packages/server/src/a.ts", 'console.log("x");', "libraries never print"],
    ["a library that exits", "packages/server/src/a.ts", "process.exit(1);", "libraries never print"],
    ["a core that asks the time", "packages/core/src/a.ts", "const now = Date.now();", "core injects"],
    ["a core that makes a date of now", "packages/core/src/a.ts", "const now = new Date();", "core injects"],
    ["a core that throws dice", "packages/core/src/a.ts", "const random = Math.random;", "core injects"],
    ["a core that reads the environment", "packages/core/src/a.ts", "const a = process.env.A;", "core injects"],
    ["a type check switched off", "packages/core/src/a.ts", `// @ts-${"ignore"}\nconst a = 1;`, "switched off"],
    ["a trace of a machine", "docs/a.md", `See /${"work"}/main/docs.`, "names a machine"],
    ["a trace in a lock file", "package-lock.json", `"${"resolved"}": "http://10.0.0.1/a.tgz"`, "names a machine"],
  ])("notices %s", (_what, path, code, message) => {
    const faults = faultsOf({ [path]: headed(code) });

    expect(faults).toEqual([expect.stringContaining(message)]);
  });

  it("notices a source that does not say why it is there", () => {
    const faults = faultsOf({ "packages/core/src/a.ts": "export const a = 1;\n" });

    expect(faults).toEqual([expect.stringMatching(/^packages\/core\/src\/a\.ts:1: the first line/)]);
  });

  it("notices a file that is too long", () => {
    const faults = faultsOf({ "packages/core/src/a.ts": headed("export {};\n".repeat(400)) });

    expect(faults).toEqual([expect.stringContaining("at most 400")]);
  });

  it.each([
    [
      "a name in a comment",
      "packages/core/src/a.ts",
      "// Date.now() is not called here: setTimeout neither.\nexport {};",
    ],
    ["a name in a text", "packages/server/src/a.ts", 'export const hint = "console.log(1)";'],
    ["a member of another name", "packages/core/src/a.ts", "export const f = (clock: Clock) => clock.setTimeout(1);"],
    ["a date of something", "packages/core/src/a.ts", "export const text = new Date(5).toISOString();"],
    ["a definition of that name", "tests/a.test.ts", 'import { sleep } from "./jobs.js";\nawait runJob(sleep);'],
    ["a type's sleep", "tests/a.test.ts", 'await submit("demo.sleep", { ms: 5 });'],
    ["the command line's print", "packages/meanwhile/src/cli/print.ts", "process.stdout.write(text);"],
    ["a path that merely looks so", "docs/a.md", "Look into examples/files/src/work-folder/ and ./work/a."],
  ])("leaves %s alone", (_what, path, code) => {
    const faults = faultsOf({ [path]: headed(code) });

    expect(faults).toEqual([]);
  });
});
