// Makes the programs of the packages executable: in a fresh clone npm links them before they are compiled, and the compiler
// writes plain files. (A published package needs none of this: npm does it when it installs.)
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const packages = "packages";
for (const name of readdirSync(packages)) {
  const manifest = join(packages, name, "package.json");
  if (!existsSync(manifest)) continue;
  for (const program of Object.values(JSON.parse(readFileSync(manifest, "utf8")).bin ?? {})) {
    chmodSync(join(packages, name, program), 0o755);
  }
}
