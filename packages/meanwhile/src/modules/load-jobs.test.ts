// Which definitions are found, and what every wrong module is told.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadJobs } from "./load-jobs.js";

const cwd = fileURLToPath(new URL("../../test/fixtures", import.meta.url));

const typesOf = async (...items: string[]) => (await loadJobs(items, { cwd })).definitions.map(({ type }) => type);

describe("finding", () => {
  it("loads TypeScript by a pattern, without tests, each definition once", async () => {
    const loaded = await loadJobs(["./jobs/*.ts"], { cwd });

    expect(loaded.definitions.map(({ type }) => type)).toEqual(["greet", "hold", "refuse", "stray", "stubborn"]);
    expect(loaded.modulesWithoutJobs).toEqual([join(cwd, "jobs", "words.ts")]);
  });

  it.each([
    ["jobs/greet.ts", ["greet"]],
    ["**/greet.ts", ["greet"]],
    ["jobs/gr?et.ts", ["greet"]],
    ["{jobs,wrong}/{greet,same-a}.ts", ["greet", "same"]],
  ])("understands %s", async (pattern, types) => {
    expect(await typesOf(pattern)).toEqual(types);
  });

  it("runs what it loaded with the same meanwhile as everybody else", async () => {
    const { definitions } = await loadJobs(["jobs/hold.ts"], { cwd });
    const refuse = definitions.find(({ type }) => type === "refuse");

    const thrown = (() => {
      try {
        return refuse?.run({} as never);
      } catch (error) {
        return error;
      }
    })();

    expect(thrown).toMatchObject({ name: "NonRetryableError", code: "no_way" });
  });
});

describe("refusing, with the file, what is wrong and what would do", () => {
  it.each([
    [
      "wrong/negative-timeout.ts",
      /negative-timeout\.ts: defineJob\("slow"\): timeoutMs must be .* at least 1.*; got -1/,
    ],
    ["wrong/no-json-form.ts", /no-json-form\.ts: defineJob\("dated"\): parameters has no JSON form.*text for a date/],
    ["wrong/same-*.ts", /same-b\.ts: the job type "same" is already defined in .*same-a\.ts.*name of its own/],
    ["wrong/throws.ts", /throws\.ts: The module failed while it was loaded: The module needs a database\./],
    ["wrong/syntax.ts", /syntax\.ts: The module cannot be read: .*syntax\.ts:2/],
    ["wrong/missing-import.ts", /missing-import\.ts: .*a-package-that-is-not-there.*Install it, or correct the import/],
    ["wrong/none.ts", /No job is exported by .*none\.ts\. Export what defineJob returns/],
    ["wrong/not-there.ts", /There is no module .*not-there\.ts\. Correct the path/],
    ["wrong/*.mjs", /No module matches .*wrong.*mjs\. Correct the pattern/],
    ["jobs", /jobs is not a file\. Name the modules in it/],
  ])("%s", async (item, reason) => {
    await expect(loadJobs([item], { cwd })).rejects.toThrow(reason);
  });
});
