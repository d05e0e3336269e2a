// Which process writes a temporary file, told by its name: another process can see whether that one still lives.
import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

export interface Writer {
  /** Host, boot and process namespace: only here do process ids mean the same. */
  readonly place: string;
  readonly pid: number;
  /** When the process started, in the system's own unit: process ids are given out again. `0` where it is not told. */
  readonly startedAt: string;
}

export async function identifyThisProcess(): Promise<Writer> {
  return { place: await thisPlace(), pid: process.pid, startedAt: (await statOf(process.pid)).startedAt };
}

/** `unknown` where the writer lives, or lived, in another place. */
export async function isAlive(writer: Writer): Promise<boolean | "unknown"> {
  if (writer.place !== (await thisPlace())) return "unknown";
  if (!isKnown(writer.pid)) return false;
  const { state, startedAt } = await statOf(writer.pid);
  // "Z" is dead, and kept in the system's list until its parent asks how it ended; some parents never do.
  return state !== "Z" && startedAt === writer.startedAt;
}

export function writerText(writer: Writer, count: number): string {
  return `${writer.place}-${writer.pid}-${writer.startedAt}-${count}`;
}

const WRITER = /\.([0-9a-f]{12})-(\d+)-(\d+)-\d+\.part$/;

export function parseWriter(name: string): Writer | undefined {
  const match = WRITER.exec(name);
  return match === null ? undefined : { place: match[1]!, pid: Number(match[2]), startedAt: match[3]! };
}

async function thisPlace(): Promise<string> {
  const boot = await readOr("", () => readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  const namespace = await readOr("", () => readlink("/proc/self/ns/pid"));
  return createHash("sha256")
    .update(JSON.stringify([hostname(), boot, namespace]))
    .digest("hex")
    .slice(0, 12);
}

async function statOf(pid: number): Promise<{ state: string; startedAt: string }> {
  const stat = await readOr("", () => readFile(`/proc/${pid}/stat`, "utf8"));
  // Fields 3 and 22. Field 2, the name, stands in brackets and may hold spaces and brackets: count behind the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startedAt: fields[19] ?? "0" };
}

function isKnown(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function readOr(otherwise: string, read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch {
    // Not every system has /proc; process ids alone decide there.
    return otherwise;
  }
}
