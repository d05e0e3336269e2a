// Empty folders for the data of a test, or of all tests of a file, removed afterwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";

/** For one test. Where the test fails, the folder stays: what is in it is worth looking at. */
export function testFolder(): string {
  const folder = makeFolder();
  onTestFinished(({ task }) => {
    if (task.result?.state === "fail") process.stderr.write(`The data of the failed test is in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** For all tests of a file; to be called at its top. */
export function suiteFolder(): string {
  const folder = makeFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "meanwhile-test-"));
}
