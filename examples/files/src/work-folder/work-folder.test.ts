import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitUntil } from "../testing/wait-until.js";
import { findProcess, isAlive, type ProcessIdentity } from "./process-identity.js";
import { sweepWorkFolders, withWorkFolder } from "./work-folder.js";

let root: string;
const started: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "work-folder-test-"));
});

afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

/** A process of its own group that waits until it is killed. */
async function startProcess(cwd = root): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    cwd,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  started.push(child);
  const identity = await findProcess(child.pid!);
  if (identity === undefined) throw new Error("The process did not start.");
  return identity;
}

async function kill(identity: ProcessIdentity): Promise<void> {
  process.kill(identity.pid, "SIGKILL");
  await waitUntil("the process is gone", async () => !(await isAlive(identity)));
}

/** The name that a folder of this process has, given to another owner. */
async function folderOf(owner: ProcessIdentity, change: { host?: string } = {}): Promise<string> {
  const own = await withWorkFolder(async (folder) => path.basename(folder), { root });
  const host = change.host ?? own.split("-")[2];
  const folder = path.join(root, `meanwhile-convert-${host}-${owner.pid}-${owner.startedAt}-0123abcd`);
  await mkdir(folder);
  return folder;
}

describe("a work folder", () => {
  it("is gone after the work, whether it succeeds or fails", async () => {
    await withWorkFolder((folder) => writeFile(path.join(folder, "file"), "x"), { root });
    const failing = withWorkFolder(
      async (folder) => {
        await writeFile(path.join(folder, "file"), "x");
        throw new Error("the work failed");
      },
      { root },
    );

    await expect(failing).rejects.toThrow("the work failed");
    expect(await readdir(root)).toEqual([]);
  });

  it("of a killed process is swept, and only that", async () => {
    const living = await startProcess();
    const dying = await startProcess();
    const kept = await folderOf(living);
    const abandoned = await folderOf(dying);
    await writeFile(path.join(abandoned, "half.mp4"), "x");
    await mkdir(path.join(root, "somebody-elses"));
    await kill(dying);

    const removed = await withWorkFolder(async () => sweepWorkFolders({ root }), { root });

    expect(removed).toEqual([abandoned]);
    expect((await readdir(root)).sort()).toEqual([path.basename(kept), "somebody-elses"]);
  });

  it.skipIf(process.platform !== "linux")("of a dead process that its parent never asked about is swept", async () => {
    // A shell that turns into a program which knows nothing of the shell's child.
    const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    started.push(parent);
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    const stat = async () => (await readFile(`/proc/${pid}/stat`, "utf8")).split(" ");
    const abandoned = await folderOf({ pid, startedAt: (await stat())[21]! });
    await waitUntil("the child has ended", async () => (await stat())[2] === "Z");

    expect(await sweepWorkFolders({ root })).toEqual([abandoned]);
  });

  it("of a process whose id was given out again is swept", async () => {
    const self = await findProcess(process.pid);
    const abandoned = await folderOf({ pid: process.pid, startedAt: String(Number(self!.startedAt) - 1) });

    expect(await sweepWorkFolders({ root })).toEqual([abandoned]);
  });

  it("of another host is swept only when nobody can be at work in it any more", async () => {
    const owner = { pid: 1, startedAt: "1" };
    const foreign = await folderOf(owner, { host: "ffffffff" });
    const old = await folderOf(owner, { host: "eeeeeeee" });
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(old, yesterday, yesterday);

    expect(await sweepWorkFolders({ root })).toEqual([old]);
    expect(await readdir(root)).toEqual([path.basename(foreign)]);
  });

  it("takes the tool with it that a killed process left running", async () => {
    const dying = await startProcess();
    const abandoned = await folderOf(dying);
    const tool = await startProcess(abandoned);
    await kill(dying);

    await sweepWorkFolders({ root });

    await waitUntil("the tool is gone", async () => !(await isAlive(tool)));
    expect(await readdir(root)).toEqual([]);
  });

  it("needs no root to be swept", async () => {
    expect(await sweepWorkFolders({ root: path.join(root, "missing") })).toEqual([]);
  });
});
