// Finds the programs that some conversions need, and says what to install when they are missing.
import { access, constants } from "node:fs/promises";
import path from "node:path";
import { ConversionError } from "../conversion-error.js";

const tools = {
  soffice: { title: "LibreOffice", install: "apt-get install --no-install-recommends libreoffice-writer-nogui" },
  ffmpeg: { title: "FFmpeg", install: "apt-get install --no-install-recommends ffmpeg" },
  ffprobe: { title: "FFmpeg", install: "apt-get install --no-install-recommends ffmpeg" },
} as const;

export type ToolName = keyof typeof tools;

/** The tool's full path, or `undefined` when no folder of PATH holds it. */
export async function findTool(name: ToolName, searchPath = process.env.PATH ?? ""): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter)) {
    if (folder === "") continue;
    const candidate = path.join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/**
 * @param purpose What needs it, for the message: `docx to pdf`.
 * @throws ConversionError `converter_missing`, naming the package to install.
 */
export async function getTool(name: ToolName, purpose: string): Promise<string> {
  const found = await findTool(name);
  if (found !== undefined) return found;
  const { title, install } = tools[name];
  throw new ConversionError(
    "converter_missing",
    `Converting ${purpose} needs ${title} (${name}), which is not on the PATH of this worker. Install it, for instance on Debian: ${install}`,
  );
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: the next folder may have it.
    return false;
  }
}
