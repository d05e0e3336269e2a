// For tests: documents made by LibreOffice itself, and taken apart to put something into them.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { withZipContainer } from "../containers/zip-container.js";
import { getTool } from "../tools/find-tool.js";
import { runTool } from "../tools/run-tool.js";
import { withWorkFolder } from "../work-folder/work-folder.js";
import { makeZip } from "./make-zip.js";

const WRITERS = { docx: "docx:MS Word 2007 XML", odt: "odt:writer8" } as const;

export async function makeDocument(html: string, format: keyof typeof WRITERS): Promise<Buffer> {
  const program = await getTool("soffice", `html to ${format}`);
  return withWorkFolder(async (workFolder) => {
    const source = path.join(workFolder, "document.html");
    await writeFile(source, `<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>${html}</body></html>`);
    const profile = `-env:UserInstallation=file://${workFolder}/profile`;
    const conversion = [
      "--infilter=HTML (StarWriter)",
      "--convert-to",
      WRITERS[format],
      "--outdir",
      workFolder,
      source,
    ];
    const signal = new AbortController().signal;
    await runTool({
      program,
      arguments: [profile, "--headless", ...conversion],
      workFolder,
      signal,
      timeoutMs: 60_000,
    });
    return readFile(path.join(workFolder, `document.${format}`));
  });
}

/** Rewrites parts of a container as text, and adds new ones. */
export async function withParts(
  container: Buffer,
  edits: Readonly<Record<string, (text: string) => string | Buffer>>,
): Promise<Buffer> {
  return withWorkFolder(async (workFolder) => {
    const file = path.join(workFolder, "container");
    await writeFile(file, container);
    const parts: Record<string, string | Buffer> = {};
    await withZipContainer(file, async (zip) => {
      for (const name of zip.names) if (!name.endsWith("/")) parts[name] = await zip.bytes(name, 10_000_000);
    });
    for (const [name, edit] of Object.entries(edits)) parts[name] = edit(parts[name]?.toString() ?? "");
    return makeZip(parts);
  });
}
