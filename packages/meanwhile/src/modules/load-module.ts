// Loads a user's module, TypeScript included, on every Node that is supported.
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "@meanwhile/core";

/** Node 20 imports no TypeScript; newer ones do not find `./x.ts` where `./x.js` is written. */
const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);

/**
 * @param path Absolute.
 * @throws ConfigurationError naming the file, with the module's own error as its cause. A `ConfigurationError` that the
 *   module itself raised (a wrong definition) keeps its words.
 */
export async function loadModule(path: string): Promise<Record<string, unknown>> {
  try {
    if (!TYPESCRIPT.has(extname(path))) return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    const { createJiti } = await import("jiti");
    const jiti = createJiti(import.meta.url, {
      // Its cache lives in a folder that other users of the machine may write to, and would be run from there.
      fsCache: false,
      interopDefault: false,
      sourceMaps: true,
    });
    return await jiti.import<Record<string, unknown>>(path);
  } catch (cause) {
    throw new ConfigurationError(`${path}: ${explain(cause)}`, { cause });
  }
}

function explain(cause: unknown): string {
  if (!(cause instanceof Error)) return `The module threw ${String(cause)}.`;
  if (cause.name === "ConfigurationError") return cause.message;
  const code = (cause as NodeJS.ErrnoException).code;
  const [firstLine = ""] = cause.message.split("\n");
  if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") {
    return `${firstLine}. Install it, or correct the import.`;
  }
  // A parser's message names the line behind its first one.
  const syntax = /ParseError|SyntaxError/.test(`${cause.name} ${cause.message}`);
  return syntax
    ? `The module cannot be read: ${cause.message.replaceAll(/\s+/g, " ").trim()}`
    : `The module failed while it was loaded: ${firstLine}`;
}
