// Type-checks the programs that the README and the guides show: every TypeScript block that imports something, each page
// as one program. Pages of packages show fragments, which stand in a program of the reader's.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readPrograms } from "./docs/read-programs.mjs";
import { listFiles } from "./list-files.mjs";
import { reportFaults } from "./report-faults.mjs";

const PAGES = /^(README|docs\/.*)\.md$/;
const root = process.cwd();
// Below node_modules, so that the packages resolve as they would for a reader, and git does not see it.
const cache = join(root, "node_modules", ".cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "docs-code-"));
try {
  const places = new Map();
  for (const page of listFiles(root).filter((path) => PAGES.test(path))) {
    for (const { path, code, line } of readPrograms(readFileSync(join(root, page), "utf8"))) {
      const place = join(page.replace(/\.md$/, ""), path);
      mkdirSync(dirname(join(folder, place)), { recursive: true });
      writeFileSync(join(folder, place), code);
      places.set(place, { page, line });
    }
  }
  reportFaults(`${places.size} programs in documents`, typeFaults(places));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function typeFaults(places) {
  const compilerOptions = {
    target: "ES2023",
    module: "NodeNext",
    moduleResolution: "NodeNext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules", "@types")],
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [...places.keys()] }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--pretty", "false"], { cwd: folder, encoding: "utf8" });
  if (status === 0) return [];
  return stdout
    .trim()
    .split("\n")
    .map((line) => atPage(line, places));
}

/** `docs/a/greet.ts(3,9): error …` as the line of the page. */
function atPage(message, places) {
  const match = /^(.+?)\((\d+),\d+\): (.*)$/.exec(message);
  const place = match === null ? undefined : places.get(match[1]);
  return place === undefined ? message : `${place.page}:${place.line + Number(match[2]) - 1}: ${match[3]}`;
}
