// An empty folder for the data of one test, removed when the test is over.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "meanwhile-test-"));
  onTestFinished(({ task }) => {
    // What a failed test left is worth looking at.
    if (task.result?.state === "fail") process.stderr.write(`The data of the failed test is in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
