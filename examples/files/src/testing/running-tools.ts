// For tests: which programs still run in the work folders of a process, from the system's own list.
import { readdir, readFile } from "node:fs/promises";

/** Command lines of live processes that name a work folder of `pid`. Where the system has no /proc, none are found. */
export async function runningTools(pid = process.pid): Promise<readonly string[]> {
  const ids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name) && Number(name) !== pid);
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => new RegExp(`meanwhile-convert-[0-9a-f]{8}-${pid}-`).test(line));
}
