// Whether something could be made at a path, without making it.
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** @returns what stands in the way, or `undefined`. */
export async function findWritableFault(path: string): Promise<string | undefined> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined && folder !== dirname(folder)) continue;
    if (found?.isDirectory() !== true) return `${folder} is no folder`;
    return access(folder, constants.W_OK | constants.X_OK).then(
      () => undefined,
      () => `${folder} cannot be written by this user`,
    );
  }
}
