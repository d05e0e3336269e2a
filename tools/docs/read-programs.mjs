// The TypeScript of a page that a reader could run: blocks that import something.
import { readFences } from "./markdown.mjs";

/** @returns {{path: string, code: string, line: number}[]} `path` as the block's first line names it, else made of its line. */
export function readPrograms(text) {
  return readFences(text)
    .filter(({ language, code }) => language === "ts" && /^import /m.test(code))
    .map(({ code, line }) => ({
      path: /^\/\/ (\S+\.m?ts)$/.exec(code.split("\n", 1)[0])?.[1] ?? `line-${line}.ts`,
      code: `${code}\n`,
      line,
    }));
}
