// The showcase as a real process: what it prints works when it is pasted into a shell.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const LIMIT_MS = 20_000;

let folder: string;
let stop: () => Promise<number | null>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meanwhile-showcase-"));
  stop = async () => null;
});

afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

/** @returns everything that it printed by the time it was ready. */
async function start(): Promise<string> {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("MEANWHILE_") && name !== "PORT");
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { ...Object.fromEntries(others), MEANWHILE_PORT: "0", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  stop = () => {
    child.kill("SIGTERM");
    return closed;
  };
  let output = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`It was not ready within ${LIMIT_MS} ms:\n${output}`)), LIMIT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (!/sunset\.webp && ls .*\n/.test(output)) return;
        clearTimeout(timer);
        resolve(output);
      });
    }
  });
}

it("prints three lines that submit a countdown, convert a picture and download it", async () => {
  const output = await start();
  const lines = output.split("\n").filter((line) => /^ {2}(?:curl|FILE=)/.test(line));

  const { stdout } = await promisify(execFile)("bash", ["-c", `set -e; ${lines.join("\n")}`], { cwd: folder });

  expect(lines).toHaveLength(3);
  expect(stdout).toMatch(/"status":"COMPLETED".*"result":\{"steps":5,"attempts":1\}/);
  const picture = await readFile(join(folder, "sunset.webp"));
  expect(picture.subarray(0, 4).toString() + picture.subarray(8, 12).toString()).toBe("RIFFWEBP");
  expect(await stop()).toBe(0);
});
