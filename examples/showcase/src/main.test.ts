// The showcase as a real process: what it prints works when it is pasted into a shell.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Showcase, startShowcase } from "../test/start-showcase.js";

let folder: string;
let showcase: Showcase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meanwhile-showcase-"));
  showcase = await startShowcase({ folder, ready: /sunset\.webp && ls .*\n/ });
});

afterEach(async () => {
  await showcase.stop();
  await rm(folder, { recursive: true, force: true });
});

it("prints three lines that submit a countdown, convert a picture and download it", async () => {
  const lines = showcase.output.split("\n").filter((line) => /^ {2}(?:curl|FILE=)/.test(line));

  const { stdout } = await promisify(execFile)("bash", ["-c", `set -e; ${lines.join("\n")}`], { cwd: folder });

  expect(lines).toHaveLength(3);
  expect(stdout).toMatch(/"status":"COMPLETED".*"result":\{"steps":5,"attempts":1\}/);
  const picture = await readFile(join(folder, "sunset.webp"));
  expect(picture.subarray(0, 4).toString() + picture.subarray(8, 12).toString()).toBe("RIFFWEBP");
});

it("ends calmly when it is told to", async () => {
  expect(await showcase.stop()).toBe(0);
});
