// A folder per conversion, named after the process that owns it, and the sweep of those whose owner is gone.
//
// 1. A folder is removed by its conversion, whatever the outcome.
// 2. A killed process removes nothing. The sweep before the next process's first conversion does: a folder whose owner (pid and start time) no longer
//    runs on this host is removed, after the tools that still work in it were killed.
// 3. Folders of live processes are never touched. Those of other hosts (a shared disk) cannot be judged by pid: they go by age.
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, realpath, rm, stat } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { findProcess, findProcessesIn, isAlive, type ProcessIdentity } from "./process-identity.js";

export interface WorkFolderOptions {
  /** Where the folders are made. Default: the system's folder for temporary files. */
  root?: string;
}

/** Runs `work` with a fresh folder that only this user can read, and removes it afterwards, whatever happens. */
export async function withWorkFolder<T>(
  work: (folder: string) => Promise<T>,
  options: WorkFolderOptions = {},
): Promise<T> {
  const folder = await makeWorkFolder(options);
  try {
    return await work(folder);
  } finally {
    await remove(folder);
  }
}

/**
 * Removes what killed processes left behind. `files.convert` does it before its first conversion; a program that starts
 * workers calls it at once, so that a tool that was left running does not go on until then.
 *
 * @returns the paths that were removed.
 */
export async function sweepWorkFolders(options: WorkFolderOptions = {}): Promise<readonly string[]> {
  const root = await realpath(options.root ?? tmpdir()).catch(() => undefined);
  if (root === undefined) return [];
  const removed: string[] = [];
  for (const name of await readdir(root)) {
    const owner = ownerOf(name);
    const folder = path.join(root, name);
    if (owner === undefined || !(await isAbandoned(folder, owner))) continue;
    await killLeftTools(folder);
    try {
      await remove(folder);
      removed.push(folder);
    } catch {
      // Another user's: theirs to sweep. It must not keep this worker from starting.
    }
  }
  return removed;
}

let swept: Promise<unknown> | undefined;

/** Sweeps once in the life of this process, however often it is called. */
export async function sweepOnce(): Promise<void> {
  // Where the folder for temporary files cannot be read, the conversion itself says so better.
  swept ??= sweepWorkFolders().catch(() => []);
  await swept;
}

const PREFIX = "meanwhile-convert";

/** No attempt lives for a day: the longest conversion allowed is far shorter. */
const FOREIGN_FOLDER_MAX_AGE_MS = 24 * 3600 * 1000;

interface Owner extends ProcessIdentity {
  readonly host: string;
}

async function makeWorkFolder(options: WorkFolderOptions): Promise<string> {
  const self = await findProcess(process.pid);
  const name = [PREFIX, hostId(), process.pid, self?.startedAt ?? "0", randomUUID().slice(0, 8)].join("-");
  const root = options.root ?? tmpdir();
  await mkdir(root, { recursive: true });
  const folder = path.join(root, name);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

function ownerOf(folderName: string): Owner | undefined {
  const match = /^meanwhile-convert-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}$/.exec(folderName);
  if (match === null) return undefined;
  return { host: match[1]!, pid: Number(match[2]), startedAt: match[3]! };
}

async function isAbandoned(folder: string, owner: Owner): Promise<boolean> {
  if (owner.host === hostId()) return !(await isAlive(owner));
  const facts = await stat(folder).catch(() => undefined);
  return facts !== undefined && Date.now() - facts.mtimeMs > FOREIGN_FOLDER_MAX_AGE_MS;
}

/** Found by where they work, not by a note: a note could be missing just when the owner was killed. */
async function killLeftTools(folder: string): Promise<void> {
  for (const pid of await findProcessesIn(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended between the question and the kill.
    }
  }
}

async function remove(folder: string): Promise<void> {
  // A tool that was just killed may still be closing files in its profile: removal is tried again a few times.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Process ids mean something only on one host, and in one container. */
function hostId(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}
