// For tests: starts a conversion in a process of its own, from the sources.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import ts from "typescript";

export interface StartedConversion {
  readonly process: ChildProcess;
  /** Its lines, as they come; ends with the process. */
  readonly lines: AsyncIterable<{ message?: string; peakMemoryMib?: number }>;
}

const SOURCES = path.join(import.meta.dirname, "..");

/** Translates the sources into a folder that is removed after `use`. Below node_modules, where packages are found and git looks away. */
export async function withProgram<T>(use: (start: (...args: string[]) => StartedConversion) => Promise<T>): Promise<T> {
  const folder = path.join(SOURCES, "..", "node_modules", `.program-${process.pid}`);
  try {
    await translate(folder);
    return await use((...args) => start(path.join(folder, "testing", "convert-program.js"), args));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function translate(folder: string): Promise<void> {
  const files = (await readdir(SOURCES, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  for (const name of files) {
    const source = await readFile(path.join(SOURCES, name), "utf8");
    const compilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    };
    const target = path.join(folder, name.replace(/\.ts$/, ".js"));
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, ts.transpileModule(source, { compilerOptions }).outputText);
  }
  await writeFile(path.join(folder, "package.json"), '{"type":"module"}');
}

function start(program: string, args: readonly string[]): StartedConversion {
  // A small young generation: V8 enlarges it while a program allocates, which says something of the time it ran, not of the file.
  const child = spawn(process.execPath, ["--max-semi-space-size=4", program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  async function* lines() {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
  }
  return { process: child, lines: lines() };
}
