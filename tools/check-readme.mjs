// Does what the README says, line by line, in a copy of the project, and fails where something else happens.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { listFiles } from "./list-files.mjs";
import { isAsShown, readSteps } from "./readme/read-steps.mjs";
import { openShell } from "./readme/shell.mjs";
import { findFreePort, serverEnvironment, startServer } from "./running-server.mjs";

const PAGE = "README.md";
const BLOCK_WITHIN_MS = 120_000;
/** The port that the page names. */
const SHOWN_PORT = "8080";
/** Whoever runs this check has done these, or does them beside it. */
const DONE_ELSEWHERE = new Set(["npm ci", "npm test"]);
/** Lines that start a server and stay; a reader gives each a terminal of its own. */
const STAYS = /^(npm start|npx meanwhile serve\b.*)$/;

const root = process.cwd();
const folder = copyProject();
const port = await findFreePort();
const environment = { ...serverEnvironment({ port, dataFolder: folder }), MEANWHILE_URL: `http://127.0.0.1:${port}` };
const shell = openShell({ folder, environment, blockWithinMs: BLOCK_WITHIN_MS });
let server;
try {
  await shell.run("set -o pipefail");
  for (const step of readSteps(readFileSync(join(root, PAGE), "utf8"))) await take(step);
} catch (error) {
  process.stdout.write(`${error.message}\n${server === undefined ? "" : `The server said:\n${server.output()}\n`}`);
  process.exitCode = 1;
} finally {
  await server?.stop();
  await shell.close();
  rmSync(folder, { recursive: true, force: true });
}

async function take(step) {
  if (step.kind === "write") {
    mkdirSync(dirname(join(folder, step.path)), { recursive: true });
    writeFileSync(join(folder, step.path), step.code);
    return;
  }
  const lines = step.code.split("\n").filter((line) => !DONE_ELSEWHERE.has(line.trim()));
  const stays = lines.find((line) => STAYS.test(line.trim()));
  if (stays !== undefined) {
    await server?.stop();
    server = await startServer(stays, { folder, port });
    process.stdout.write(`${PAGE}:${step.line}: ${stays}: ready\n`);
    return;
  }
  if (lines.every((line) => line.trim() === "")) return;
  await type(lines.join("\n"), step);
}

async function type(code, { line, expected }) {
  const real = (text) => text.replaceAll(SHOWN_PORT, String(port));
  const { printed, said, exitCode } = await shell.run(real(code)).catch((error) => {
    throw new Error(`${PAGE}:${line}: ${error.message}:\n${code}`);
  });
  const shown = `${PAGE}:${line}:\n${code}\nprinted:\n${printed}${said}`;
  if (exitCode !== 0) throw new Error(`${shown}\nand ended with exit code ${exitCode}.`);
  if (expected !== undefined && !isAsShown(real(expected), printed)) {
    throw new Error(`${shown}\nbut the page shows:\n${expected}`);
  }
  process.stdout.write(`${PAGE}:${line}: ok\n`);
}

/** The files as a clone would have them, with the packages that are installed already (linked, where the disk allows). */
function copyProject() {
  const copy = mkdtempSync(join(tmpdir(), "meanwhile-readme-"));
  const paths = listFiles(root);
  for (const path of paths) cpSync(join(root, path), join(copy, path));
  const folders = paths.filter((path) => path.endsWith("package.json")).map((path) => dirname(path));
  for (const each of folders) {
    const installed = join(root, each, "node_modules");
    if (existsSync(installed)) copyInstalled(installed, join(copy, each));
  }
  return copy;
}

function copyInstalled(from, into) {
  try {
    execFileSync("cp", ["-al", from, into], { stdio: "ignore" });
  } catch {
    // Another disk: links cannot reach across, so the packages are copied.
    execFileSync("cp", ["-a", from, into]);
  }
}
