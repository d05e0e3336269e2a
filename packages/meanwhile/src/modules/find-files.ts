// Paths and patterns to files. Shells expand patterns themselves, but not in quotes, in files or on Windows.
import { readdir, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { ConfigurationError } from "@meanwhile/core";

/**
 * @param pathOrPattern Absolute.
 * @returns the file itself, or the modules that match, sorted; tests and declarations are no modules of jobs.
 * @throws ConfigurationError where there is nothing.
 */
export async function findFiles(pathOrPattern: string): Promise<readonly string[]> {
  if (!MAGIC.test(pathOrPattern)) return [await requireFile(pathOrPattern)];
  const matches = toRegExp(pathOrPattern.split(sep).join("/"));
  const found: string[] = [];
  for (const path of await filesBelow(baseOf(pathOrPattern))) {
    if (matches.test(path.split(sep).join("/")) && !NOT_JOBS.test(path)) found.push(path);
  }
  if (found.length === 0) {
    throw new ConfigurationError(`No module matches ${pathOrPattern}. Correct the pattern, or name the files.`);
  }
  return found.sort();
}

const MAGIC = /[*?{]/;
const NOT_JOBS = /\.(?:(?:test|spec)\.[cm]?[jt]sx?|d\.[cm]?ts|map)$/;

async function requireFile(path: string): Promise<string> {
  const kind = await stat(path).then(
    (found) => (found.isFile() ? "file" : "other"),
    () => "missing",
  );
  if (kind === "file") return path;
  throw new ConfigurationError(
    kind === "missing"
      ? `There is no module ${path}. Correct the path.`
      : `${path} is not a file. Name the modules in it, for instance ${join(path, "*.ts")}.`,
  );
}

/** The deepest folder before the first wildcard. */
function baseOf(pattern: string): string {
  return dirname(pattern.slice(0, pattern.search(MAGIC) + 1));
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else found.push(path);
  }
  return found;
}

/** `*` and `?` stay inside one folder, `**` crosses them, `{a,b}` is either. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[.+^$()|[\]\\}{]/g, (part) => {
    if (part === "**/") return "(?:[^/]+/)*";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.startsWith("{") && part.endsWith("}"))
      return `(?:${part.slice(1, -1).split(",").map(escapeForRegExp).join("|")})`;
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
