// Lists the files of the project as a checkout has them: no dependencies, no build output, no data.
import { readdirSync } from "node:fs";
import { join } from "node:path";

const NOT_OURS = new Set(["node_modules", "dist", "data", "coverage", ".git", ".node-versions", "results"]);

/** Paths below `root`, relative to it, with `/`, sorted. Links are not followed. */
export function listFiles(root, folder = "") {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(root, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}
