// The showcase as a real process: what it prints works when it is pasted into a shell.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withWorkFolder } from "@meanwhile-examples/files";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Showcase, startShowcase } from "../test/start-showcase.js";

let folder: string;
let temporary: string;
let showcase: Showcase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meanwhile-showcase-"));
  temporary = join(folder, "temporary");
  await leaveWorkFolder(temporary);
  showcase = await startShowcase({ folder, ready: /sunset\.webp && ls .*\n/, env: { TMPDIR: temporary } });
});

/** As a process leaves it that was killed, and whose id another one has now. */
async function leaveWorkFolder(root: string): Promise<void> {
  await withWorkFolder((own) => rename(own, own.replace(/-\d+-([0-9a-f]{8})$/, "-1-$1")), { root });
}

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

it("removes at its start what a killed process left", async () => {
  expect(await readdir(temporary)).toEqual([]);
});

it("ends calmly when it is told to", async () => {
  expect(await showcase.stop()).toBe(0);
});
