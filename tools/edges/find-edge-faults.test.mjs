// Each rule of the dependency edges is broken once, in a small workspace, and must be noticed.
import { describe, expect, it } from "vitest";
import { writeTree } from "../test-tree.mjs";
import { findEdgeFaults } from "./find-edge-faults.mjs";

const LAYERS = {
  "packages/words": { packages: [], builtins: {} },
  "packages/engine": { packages: ["@x/words"], builtins: { "node:stream": "types" } },
  "packages/store": { packages: ["@x/words", "@x/engine"] },
};

const WORKSPACE = {
  "package.json": { workspaces: ["packages/*"], devDependencies: { vitest: "1.0.0" } },
  "packages/words/package.json": { name: "@x/words", exports: { ".": "./src/index.ts" } },
  "packages/words/src/index.ts": "export const word = 1;",
  "packages/engine/package.json": {
    name: "@x/engine",
    exports: { ".": "./src/index.ts" },
    dependencies: { "@x/words": "1.0.0" },
  },
  "packages/engine/src/index.ts": 'export * from "@x/words";',
  "packages/store/package.json": {
    name: "@x/store",
    dependencies: { "@x/engine": "1.0.0", "@x/words": "1.0.0" },
    optionalDependencies: { driver: "1.0.0" },
    devDependencies: { "only-tests": "1.0.0" },
  },
  "packages/store/src/index.ts": 'import { word } from "@x/engine";\nimport fs from "node:fs";\nimport "driver";',
};

const faultsWith = (files, layers = LAYERS) => findEdgeFaults(writeTree({ ...WORKSPACE, ...files }), layers);

describe("findEdgeFaults", () => {
  it("finds nothing in a workspace that keeps the rules", () => {
    const faults = faultsWith({
      "packages/store/src/a.test.ts": 'import { it } from "vitest";\nimport "only-tests";\nimport "node:fs";',
      "packages/store/test/fixtures/wrong.ts": 'import "not-there";',
      "packages/engine/src/a.ts": 'import type { B } from "./b.js";\nexport type A = B;',
      "packages/engine/src/b.ts": 'import type { A } from "./a.js";\nexport type B = A[];',
    });

    expect(faults).toEqual([]);
  });

  it.each([
    [
      "an edge against the layers",
      "packages/words/src/a.ts",
      'import "@x/engine";',
      "@x/words must not import @x/engine",
    ],
    [
      "an edge in a type alone",
      "packages/words/src/a.ts",
      'type A = import("@x/engine").A;',
      "must not import @x/engine",
    ],
    ["an edge at run time", "packages/words/src/a.ts", 'await import("@x/store");', "must not import @x/store"],
    ["a re-exported edge", "packages/words/src/a.ts", 'export * from "@x/store";', "must not import @x/store"],
    ["IO where there must be none", "packages/engine/src/a.ts", 'import "node:fs";', '"node:fs" is not on its list'],
    ["IO by a side door", "packages/engine/src/a.ts", 'process.getBuiltinModule("node:fs");', "is not on its list"],
    ["an unprefixed builtin", "packages/store/src/a.ts", 'import "fs";', 'write "node:fs"'],
    ["an undeclared package", "packages/store/src/a.ts", 'import "lodash/get.js";', '"lodash" is not declared'],
    ["an undeclared package in a test", "packages/store/src/a.test.ts", 'import "lodash";', '"lodash" is not declared'],
    ["a test's package in a source", "packages/store/src/a.ts", 'import "only-tests";', "declared for tests only"],
    ["a way past the exports", "packages/store/src/a.ts", 'import "@x/engine/src/a.js";', "goes past the exports"],
    [
      "a path out of the package",
      "packages/store/src/a.ts",
      'import "../../words/src/index.js";',
      "leaves the package",
    ],
    ["a path without its ending", "packages/store/src/a.ts", 'import "./index";', "must end in .js"],
    ["a path to nothing", "packages/store/src/a.ts", 'import "./gone.js";', "does not exist"],
    ["its own package by name", "packages/engine/src/a.ts", 'import "@x/engine";', "use a relative path"],
  ])("notices %s", (_what, path, text, message) => {
    const faults = faultsWith({ [path]: text });

    expect(faults).toEqual([expect.stringContaining(message)]);
    expect(faults[0]).toMatch(new RegExp(`^${path}:1: `));
  });

  it("notices files that import each other in a circle", () => {
    const faults = faultsWith({
      "packages/engine/src/a.ts": 'import "./b.js";',
      "packages/engine/src/b.ts": 'export { c } from "./c.js";',
      "packages/engine/src/c.ts": 'import { type T, a } from "./a.js";',
    });

    expect(faults).toEqual([expect.stringMatching(/a\.ts -> .*b\.ts -> .*c\.ts -> .*a\.ts$/)]);
  });

  it("notices a package that nobody placed in a layer", () => {
    const { "packages/store": _gone, ...layers } = LAYERS;

    const faults = findEdgeFaults(writeTree(WORKSPACE), layers);

    expect(faults).toContainEqual(expect.stringMatching(/^packages\/store: has no entry/));
  });
});
