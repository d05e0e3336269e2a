// Runs LibreOffice once, in a profile of its own that forbids macros, links and the network, and takes the pdf it leaves.
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ConversionError } from "../conversion-error.js";
import { SOFFICE_MEMORY_KIB, SOFFICE_TIMEOUT_MS } from "../limits.js";
import { runTool } from "../tools/run-tool.js";

export interface SofficeRun {
  readonly program: string;
  /** In the work folder, with the ending of its format. */
  readonly documentPath: string;
  /** LibreOffice's name of the reader. Always given: left to itself it guesses, and a text could turn into something that loads. */
  readonly reader: string;
  readonly outputPath: string;
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

/** @throws ConversionError `corrupt_file` when LibreOffice cannot read it; `conversion_timeout`; `conversion_failed`. */
export async function documentToPdf(run: SofficeRun): Promise<void> {
  const profile = path.join(run.workFolder, "profile");
  const outputFolder = path.join(run.workFolder, "soffice");
  await writeProfile(profile);
  const outcome = await runTool({
    program: run.program,
    arguments: [
      // Two runs with one profile would wait for each other, or talk to each other.
      `-env:UserInstallation=${pathToFileURL(profile)}`,
      "--headless",
      "--nologo",
      "--norestore",
      "--nolockcheck",
      "--nodefault",
      `--infilter=${run.reader}`,
      "--convert-to",
      "pdf:writer_pdf_Export",
      "--outdir",
      outputFolder,
      run.documentPath,
    ],
    workFolder: run.workFolder,
    signal: run.signal,
    timeoutMs: SOFFICE_TIMEOUT_MS,
    memoryKib: SOFFICE_MEMORY_KIB,
  });
  if (outcome.ended === "timed_out")
    throw new ConversionError("conversion_timeout", `LibreOffice took longer than ${SOFFICE_TIMEOUT_MS / 1000} s.`);
  if (outcome.ended === "killed")
    throw new ConversionError("conversion_failed", `LibreOffice was ended by ${outcome.by}.`);

  // It exits with 0 when it could not read the document: only the file itself tells.
  const made = path.join(outputFolder, `${path.parse(run.documentPath).name}.pdf`);
  if (await hasBytes(made)) return rename(made, run.outputPath);
  const said = `${outcome.complaints}\n${outcome.output}`;
  if (/could not be loaded/i.test(said))
    throw new ConversionError("corrupt_file", "LibreOffice cannot read the document: it is damaged.");
  throw new ConversionError("conversion_failed", `LibreOffice made no pdf (exit code ${outcome.exitCode}).`, {
    cause: said,
  });
}

/**
 * The second wall behind the checks of this folder: what a document could still name is neither loaded nor run.
 * Links are never updated (2), links of untrusted documents are blocked, macros are off, and the network ends at a closed port.
 */
const SETTINGS: ReadonlyArray<readonly [path: string, name: string, value: string]> = [
  ["/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"],
  ["/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"],
  ["/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"],
  ["/org.openoffice.Office.Writer/Content/Update", "Link", "2"],
  ["/org.openoffice.Office.Writer/Content/Update", "Field", "false"],
  ["/org.openoffice.Inet/Settings", "ooInetProxyType", "2"],
  ["/org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"],
  ["/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"],
  ["/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"],
  ["/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"],
  ["/org.openoffice.Inet/Settings", "ooInetNoProxy", ""],
];

async function writeProfile(profile: string): Promise<void> {
  const items = SETTINGS.map(
    ([at, name, value]) =>
      `<item oor:path="${at}"><prop oor:name="${name}" oor:op="fuse"><value>${value}</value></prop></item>`,
  );
  const xml =
    `<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" ` +
    `xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${items.join("")}</oor:items>\n`;
  await mkdir(path.join(profile, "user"), { recursive: true });
  await writeFile(path.join(profile, "user", "registrymodifications.xcu"), xml);
}

async function hasBytes(file: string): Promise<boolean> {
  const facts = await stat(file).catch(() => undefined);
  return facts !== undefined && facts.size > 0;
}
