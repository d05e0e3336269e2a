// The promise as a whole: what a conversion leaves behind that was killed with its process, the next start removes.
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { runningTools } from "../testing/running-tools.js";
import { type StartedConversion, withProgram } from "../testing/start-conversion.js";
import { isToolMissing } from "../testing/tools-installed.js";
import { waitUntil } from "../testing/wait-until.js";
import { getTool } from "../tools/find-tool.js";
import { runTool } from "../tools/run-tool.js";
import { sweepWorkFolders, withWorkFolder } from "./work-folder.js";

async function killAt(conversion: StartedConversion, message: RegExp): Promise<void> {
  for await (const line of conversion.lines) {
    if (!message.test(line.message ?? "")) continue;
    const ended = once(conversion.process, "exit");
    conversion.process.kill("SIGKILL");
    await ended;
    return;
  }
  throw new Error(`The conversion never said ${message}.`);
}

const ffmpegIsMissing = await isToolMissing("ffmpeg");

describe("a process that is killed in the middle of a conversion", { timeout: 60_000 }, () => {
  it("leaves a folder, which the next start removes", async () => {
    await withWorkFolder(async (folder) => {
      const root = path.join(folder, "root");
      await mkdir(root);
      const csv = path.join(folder, "a.csv");
      await writeFile(csv, `a,b\n${"1,2\n".repeat(500_000)}`);

      await withProgram((start) => killAt(start(csv, "a.csv", "xlsx", root), /^Row/));
      const left = await readdir(root);
      await sweepWorkFolders({ root });

      expect(left).toHaveLength(1);
      expect(await readdir(root)).toEqual([]);
    });
  });

  it.skipIf(ffmpegIsMissing)("leaves ffmpeg running, which the next start ends", async () => {
    await withWorkFolder(async (folder) => {
      const root = path.join(folder, "root");
      await mkdir(root);
      const film = await makeFilm(folder);

      const killed = await withProgram(async (start) => {
        const conversion = start(film, "film.mp4", "webm", root);
        await killAt(conversion, /^Encoding/);
        return conversion.process.pid!;
      });
      const left = await runningTools(killed);
      await sweepWorkFolders({ root });

      expect(left).toEqual([expect.stringContaining("ffmpeg")]);
      await waitUntil("ffmpeg is gone", async () => (await runningTools(killed)).length === 0);
      expect(await readdir(root)).toEqual([]);
    });
  });
});

async function makeFilm(workFolder: string): Promise<string> {
  const film = path.join(workFolder, "film.mp4");
  const signal = new AbortController().signal;
  const program = await getTool("ffmpeg", "the test");
  const picture = ["-f", "lavfi", "-i", "testsrc=size=640x360:rate=25:duration=60"];
  const made = await runTool({
    program,
    arguments: [...picture, "-preset", "ultrafast", film],
    workFolder,
    signal,
    timeoutMs: 60_000,
  });
  expect(made).toMatchObject({ ended: "exited", exitCode: 0 });
  return film;
}
