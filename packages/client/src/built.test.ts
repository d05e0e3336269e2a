// What is published runs in a browser: it imports nothing of Node, nothing that is not declared, and is small.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const entry = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const protocol = fileURLToPath(new URL("../../protocol/dist/index.js", import.meta.url));

/** Every module that a bundler would take in. */
function graph(): Map<string, string[]> {
  if (!existsSync(entry)) throw new Error(`${entry} is not built. Run: npm run build`);
  const found = new Map<string, string[]>();
  const walk = (file: string) => {
    if (found.has(file)) return;
    const imports = [...readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
      ([, name = ""]) => name,
    );
    found.set(file, imports);
    for (const name of imports) {
      if (name.startsWith(".")) walk(resolve(dirname(file), name));
      if (name === "@meanwhile/protocol") walk(protocol);
    }
  };
  walk(entry);
  return found;
}

it("imports nothing but its own files and the shared words", () => {
  const foreign = [...graph().values()].flat().filter((name) => !name.startsWith("."));

  expect(new Set(foreign)).toEqual(new Set(["@meanwhile/protocol"]));
});

it("does not mention a global that only Node has, except to look for it", () => {
  const uses = [...graph().keys()].flatMap((file) => {
    const code = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    return /\b(Buffer|require|__dirname|setImmediate)\b|(?<!\{ )\bprocess\.(?!getBuiltinModule)/.exec(code) ?? [];
  });

  expect(uses).toEqual([]);
});

it("is small: with everything, neither shaken nor minified, below 22 KiB compressed", () => {
  const code = [...graph().keys()]
    .map((file) => readFileSync(file, "utf8").replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, ""))
    .join("\n");

  expect(gzipSync(code).length).toBeLessThan(22 * 1024);
});

it("loads where there is no process, no Buffer and no require", () => {
  const script = `
    const { pathToFileURL } = process.getBuiltinModule("node:url");
    const entry = pathToFileURL(${JSON.stringify(entry)}).href;
    const exit = process.exit.bind(process);
    delete globalThis.process; delete globalThis.Buffer;
    const { createClient } = await import(entry);
    const client = createClient({ baseUrl: "http://localhost" });
    const refused = await client.upload("/etc/hosts").catch((error) => error.message);
    if (!refused.includes("they need Node")) exit(1);`;

  expect(() =>
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], { stdio: "pipe" }),
  ).not.toThrow();
});
