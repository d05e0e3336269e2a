// A large csv is converted in memory that does not grow with it: measured by the peak of a process of its own, never by its time.
import { open, stat } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { type StartedConversion, withProgram } from "../testing/start-conversion.js";
import { withWorkFolder } from "../work-folder/work-folder.js";

const SMALL_BYTES = 5_000_000;
const LARGE_BYTES = 50_000_000;

/** What the peak may differ by between the two: far below the 45 MB that the sources, or the 80 MB that the outputs, differ by. */
const ALLOWED_GROWTH_MIB = 40;

async function writeCsv(file: string, sizeBytes: number): Promise<void> {
  const output = await open(file, "w");
  await output.write("id,name,street,note\n");
  for (let number = 0; (await output.stat()).size < sizeBytes; ) {
    const rows = Array.from({ length: 5_000 }, () => {
      number += 1;
      return `${String(number).padStart(7, "0")},"Name ${number}","Street of the ""${number}"" houses, 5",note ${number % 100}\n`;
    });
    await output.write(rows.join(""));
  }
  await output.close();
}

async function peakMemoryMib({ lines }: StartedConversion): Promise<number> {
  let peak: number | undefined;
  for await (const line of lines) peak = line.peakMemoryMib ?? peak;
  if (peak === undefined) throw new Error("The conversion did not finish.");
  return peak;
}

it.each(["json", "xlsx"] as const)(
  "csv to %s takes no more memory for ten times the rows",
  async (target) => {
    await withWorkFolder(async (folder) => {
      const [small, large] = [path.join(folder, "small.csv"), path.join(folder, "large.csv")];
      await writeCsv(small, SMALL_BYTES);
      await writeCsv(large, LARGE_BYTES);

      await withProgram(async (start) => {
        const peakOfSmall = await peakMemoryMib(start(small, "small.csv", target, folder));
        const peakOfLarge = await peakMemoryMib(start(large, "large.csv", target, folder));

        expect((await stat(large)).size).toBeGreaterThanOrEqual(LARGE_BYTES);
        expect(peakOfLarge - peakOfSmall).toBeLessThan(ALLOWED_GROWTH_MIB);
      });
    });
  },
  180_000,
);
