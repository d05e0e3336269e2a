// The README's tables say what the code does.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { conversionErrors } from "./conversion-error.js";
import { type Format, formats, targetsOf } from "./formats.js";

const readme = await readFile(path.join(import.meta.dirname, "..", "README.md"), "utf8");

it("lists every error with what to do", () => {
  const rows = [...readme.matchAll(/^\| `([a-z_]+)` \| (.+) \|$/gm)].map(([, code, advice]) => [code, advice]);

  expect(rows.filter(([code]) => code! in conversionErrors)).toEqual(Object.entries(conversionErrors));
});

it("lists every pair of formats", () => {
  const table = /\| from \| to \| how \|\n\| --- \| --- \| --- \|\n((?:\|.*\|\n)+)/.exec(readme)![1]!;
  const documented = new Set<string>();
  for (const row of table.trim().split("\n")) {
    const [, from = "", to = ""] = row.split("|");
    for (const source of from.trim().split(", ")) {
      for (const target of to.trim().split(", ")) if (source !== target) documented.add(`${source} to ${target}`);
    }
  }

  const offered = (Object.keys(formats) as Format[]).flatMap((source) =>
    targetsOf(source).map((target) => `${source} to ${target}`),
  );
  expect([...documented].sort()).toEqual(offered.sort());
});
