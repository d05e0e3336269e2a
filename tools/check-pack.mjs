// Packs every public package, installs the packages as a stranger would, and uses them: imports, types, command line.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { reportFaults } from "./report-faults.mjs";

const root = process.cwd();
const packages = readdirSync(join(root, "packages"))
  .map((name) => join(root, "packages", name))
  .filter((folder) => existsSync(join(folder, "package.json")))
  .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
  .filter(({ manifest }) => manifest.private !== true);

const folder = mkdtempSync(join(tmpdir(), "meanwhile-pack-"));
const faults = [];
try {
  const tarballs = packages.map(pack);
  for (const each of packages) faults.push(...(await lint(each)));
  install(tarballs);
  faults.push(...importAll(), ...checkTypes(), ...tryCommandLine());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
reportFaults(`${packages.length} packages, packed`, faults);

function pack({ folder: source, manifest }) {
  const [{ filename, files }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: source,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  for (const { path } of files) {
    const isForTests = /\/testing\//.test(path) && manifest.exports["./testing"] === undefined;
    if (isForTests || /\.test\.|\.tsbuildinfo$/.test(path)) {
      faults.push(`${manifest.name}: ${path} must not be published`);
    }
  }
  return join(folder, filename);
}

async function lint({ folder: pkgDir, manifest }) {
  const { messages } = await publint({ pkgDir, strict: true });
  return messages.map((message) => `${manifest.name}: publint: ${formatMessage(message, manifest)}`);
}

/** Without install scripts: compiling the SQLite driver again would take a minute, so the one that is there is copied. */
function install(tarballs) {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  const options = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", "--loglevel=error"];
  execFileSync("npm", ["install", ...options, ...tarballs], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const driver = join("node_modules", "better-sqlite3", "build");
  if (existsSync(join(root, driver))) cpSync(join(root, driver), join(folder, driver), { recursive: true });
}

/** Every way into every package. */
function importAll() {
  const entries = packages.flatMap(({ manifest }) =>
    Object.entries(manifest.exports)
      // What has no default is for the tests of this repository; what is no object names files that are not code.
      .filter(([, target]) => target.default !== undefined)
      .map(([entry]) => `${manifest.name}${entry.slice(1)}`),
  );
  const script = `
    for (const entry of ${JSON.stringify(entries)}) {
      const names = Object.keys(await import(entry));
      if (names.length === 0) throw new Error(entry + " exports nothing");
    }`;
  writeFileSync(join(folder, "import-all.mjs"), script);
  return runs("importing every entry", process.execPath, ["import-all.mjs"]);
}

function checkTypes() {
  const consumer = readFileSync(join(root, "tools", "pack", "consumer.ts.txt"), "utf8");
  writeFileSync(join(folder, "consumer.ts"), consumer);
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    moduleResolution: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: ["node"],
    typeRoots: [join(root, "node_modules", "@types")],
    outDir: "out",
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const faults = runs("type-checking a consumer", process.execPath, [tsc]);
  return faults.length > 0 ? faults : runs("running a consumer", process.execPath, ["out/consumer.js"]);
}

function tryCommandLine() {
  return runs("npx meanwhile --help", "npx", ["--no-install", "meanwhile", "--help"], /^Usage: meanwhile /);
}

function runs(what, command, args, printed = /^/) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  if (status === 0 && printed.test(stdout)) return [];
  return [`${what} failed (exit code ${status}):\n${stdout}${stderr}`];
}
