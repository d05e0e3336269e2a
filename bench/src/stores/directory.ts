// A fresh temporary directory.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryDirectory {
  path: string;
  remove(): Promise<void>;
}

export async function makeDirectory(purpose: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `meanwhile-bench-${purpose}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
