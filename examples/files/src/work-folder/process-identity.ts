// Which process is meant: a process id together with its start time, because ids are given out again; or the folder it works in.
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own unit; `0` where the system does not tell (then the id alone decides). */
  readonly startedAt: string;
}

/** The identity of a process that runs now, or `undefined` when there is none. */
export async function findProcess(pid: number): Promise<ProcessIdentity | undefined> {
  if (!isKnown(pid)) return undefined;
  const { state, startedAt } = await statOf(pid);
  // "Z" is dead, and kept in the system's list until its parent asks how it ended; some parents never do.
  return state === "Z" ? undefined : { pid, startedAt };
}

/** Whether exactly this process still runs, and not another one under its id. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const found = await findProcess(identity.pid);
  return found !== undefined && found.startedAt === identity.startedAt;
}

/** The ids of the processes that work in this folder or below. Where the system has no /proc, none are found. */
export async function findProcessesIn(folder: string): Promise<readonly number[]> {
  const ids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(
    // Of other users' processes the place is not told; ours are the ones that were started here.
    ids.map(async (id) => ({ id: Number(id), place: await readlink(`/proc/${id}/cwd`).catch(() => "") })),
  );
  return places.filter(({ place }) => place === folder || place.startsWith(folder + path.sep)).map(({ id }) => id);
}

function isKnown(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Where the system does not tell, the process counts as running. */
async function statOf(pid: number): Promise<{ state: string; startedAt: string }> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Fields 3 and 22. The name, field 2, stands in brackets and may hold spaces and brackets itself: count after the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startedAt: fields[19] ?? "0" };
  } catch {
    // No /proc on this system.
    return { state: "", startedAt: "0" };
  }
}
