// The checks of the documents: what lies must be noticed, what is true must pass.
import { describe, expect, it } from "vitest";
import { writeTree } from "../test-tree.mjs";
import { findLinkFaults } from "./find-link-faults.mjs";
import { findRouteFaults } from "./find-route-faults.mjs";
import { findTableFaults } from "./find-table-faults.mjs";
import { readFences, readTables } from "./markdown.mjs";
import { readCommands } from "./read-help.mjs";
import { readInterface } from "./read-interface.mjs";
import { readPrograms } from "./read-programs.mjs";

const page = (...lines) => lines.join("\n");

describe("findTableFaults", () => {
  const facts = new Map([
    ["gone", { cells: { HTTP: "410" } }],
    ["started", { words: ["attempt", "workerId"] }],
  ]);
  const faultsOf = (...rows) => {
    const [table] = readTables(page("| name | HTTP | data |", "| --- | --- | --- |", ...rows));
    return findTableFaults("a.md", table, facts);
  };

  it("passes a table that says what the code says", () => {
    const faults = faultsOf("| `gone` | 410 | |", "| `started` | | `{attempt, workerId?}` a run began |");

    expect(faults).toEqual([]);
  });

  it.each([
    ["a name that is missing", ["| `gone` | 410 | |"], "started is missing"],
    [
      "a name that the code lost",
      ["| `gone` | 410 | |", "| `started` | | `attempt` `workerId` |", "| `old` | 1 | |"],
      "knows no old",
    ],
    [
      "a fact that changed",
      ["| `gone` | 404 | |", "| `started` | | `attempt` `workerId` |"],
      'says "404", the code "410"',
    ],
    [
      "a member that is not mentioned",
      ["| `gone` | 410 | |", "| `started` | | `attempt` |"],
      "`workerId` is not mentioned",
    ],
  ])("notices %s", (_what, rows, message) => {
    const faults = faultsOf(...rows);

    expect(faults).toEqual([expect.stringContaining(message)]);
  });
});

describe("findRouteFaults", () => {
  const text = page("| Request | Answer |", "| --- | --- |", "| `GET /jobs` | a page |", "| `GET /gone` | nothing |");

  it("notices requests that only the page or only the server knows", () => {
    const openapi = { paths: { "/jobs": { get: {}, post: {} }, "/own": { post: { tags: ["Types"] } } } };

    const faults = findRouteFaults("a.md", text, openapi, { apart: ["Types"] });

    expect(faults).toEqual(["a.md:4: the code knows no GET /gone", "a.md: POST /jobs is missing from the table"]);
  });
});

describe("readCommands", () => {
  it("reads commands, groups of commands, and their long options", () => {
    const root = writeTree({
      "help.mjs": `
        const pages = {
          "": "Usage: x\\n\\nOptions:\\n  -V, --version  the version\\n\\nCommands:\\n  run [options] <a>  runs\\n                     and runs\\n  keys               keys\\n  help [command]     help\\n",
          run: "Options:\\n  --wait       waits\\n  -q, --quiet  says less --really\\n",
          keys: "Commands:\\n  make <name>  makes\\n",
          "keys make": "Options:\\n  --owner <owner>  whose\\n",
        };
        process.stdout.write(pages[process.argv.slice(2, -1).join(" ")]);`,
    });

    const commands = readCommands([process.execPath, `${root}/help.mjs`]);

    expect([...commands]).toEqual([
      ["run", ["--wait", "--quiet"]],
      ["keys make", ["--owner"]],
    ]);
  });
});

describe("findLinkFaults", () => {
  it("passes links that lead somewhere", () => {
    const root = writeTree({
      "README.md": page(
        "# A",
        "[b](docs/b.md) [c](docs/b.md#two-words) [d](#a) [web](https://example.com)",
        "`[x](no.md)`",
      ),
      "docs/b.md": page("## Two words", "[up](../README.md)", "```", "[y](no.md)", "```"),
    });

    expect(findLinkFaults(root)).toEqual([]);
  });

  it.each([
    ["to nothing", "docs/gone.md", "leads to nothing"],
    ["to a heading that is not there", "docs/b.md#three", "a heading that docs/b.md does not have"],
    ["out of the project", "../secret.md", "leaves the project"],
  ])("notices a link %s", (_what, target, message) => {
    const root = writeTree({ "README.md": `[a](${target})`, "docs/b.md": "## Two words" });

    expect(findLinkFaults(root)).toEqual([expect.stringContaining(message)]);
  });
});

describe("readFences", () => {
  it("gives language, text and line of each block", () => {
    const fences = readFences(page("a", "```sh", "one", "two", "```", "````md", "```", "````"));

    expect(fences).toEqual([
      { language: "sh", code: "one\ntwo", line: 3 },
      { language: "md", code: "```", line: 7 },
    ]);
  });
});

describe("readPrograms", () => {
  it("takes what imports something, under the path that it names", () => {
    const text = page(
      "```ts",
      "// jobs/a.ts",
      'import "a";',
      "```",
      "```ts",
      "run();",
      "```",
      "```ts",
      'import "b";',
      "```",
    );

    const programs = readPrograms(text);

    expect(programs).toEqual([
      { path: "jobs/a.ts", code: '// jobs/a.ts\nimport "a";\n', line: 2 },
      { path: "line-9.ts", code: 'import "b";\n', line: 9 },
    ]);
  });
});

describe("readInterface", () => {
  it("gives members with their defaults", () => {
    const root = writeTree({
      "a.ts": page(
        "export interface Options {",
        "  /** How long. Default: 600 000 (ten minutes). */",
        "  timeoutMs?: number;",
        "  /** What it carries. */",
        '  "job.x": { a: string; b?: number };',
        "}",
      ),
    });

    const members = readInterface(`${root}/a.ts`, "Options");

    expect(members).toMatchObject([
      { name: "timeoutMs", defaultText: "600 000 (ten minutes)", members: [] },
      { name: "job.x", defaultText: undefined, members: ["a", "b"] },
    ]);
  });
});
