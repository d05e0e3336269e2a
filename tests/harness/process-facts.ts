// What the kernel knows about a process: its memory, its descriptors and its sockets. Linux only.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Memory {
  /** Resident now, in bytes. */
  readonly nowBytes: number;
  /** The most that ever was. */
  readonly peakBytes: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1_024;
  return { nowBytes: read("VmRSS"), peakBytes: read("VmHWM") };
}

/** Open files, sockets and pipes. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function socketsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((descriptor) => isSocket(`/proc/${pid}/fd/${descriptor}`)).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    // Closed since the folder was read.
    return false;
  }
}
