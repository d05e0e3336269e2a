// For tests: one conversion as a program of its own, to be measured or killed. Prints each progress message as a line of JSON, then
// what it took. Arguments: source file, name, target format, folder for its work folder.
import { convert } from "../convert.js";
import type { TargetFormat } from "../formats.js";
import { withWorkFolder } from "../work-folder/work-folder.js";

const [sourcePath = "", sourceName = "", targetFormat = "", root = ""] = process.argv.slice(2);

await withWorkFolder(
  async (workFolder) => {
    await convert({
      sourcePath,
      sourceName,
      targetFormat: targetFormat as TargetFormat,
      workFolder,
      signal: new AbortController().signal,
      async onProgress(_, message) {
        console.log(JSON.stringify({ message }));
      },
    });
  },
  { root },
);
console.log(JSON.stringify({ peakMemoryMib: Math.round(process.resourceUsage().maxRSS / 1024) }));
