// Turns a page into the steps that a reader would take, in order.
import { readFences } from "../docs/markdown.mjs";

/**
 * The convention: a `sh` block is typed into one shell; the next block, if it is `text` or `json`, is what must be
 * printed (`…` stands for anything); a `ts`, `js` or `json` block whose first line is a comment with a path is that file.
 *
 * @returns {({kind: "run", code: string, line: number, expected?: string} | {kind: "write", path: string, code: string, line: number})[]}
 */
export function readSteps(text) {
  const steps = [];
  let asked;
  for (const { language, code, line } of readFences(text)) {
    const path = /^\/\/ (\S+\.\w+)\s*$/m.exec(code.split("\n", 1)[0])?.[1];
    if (language === "sh") {
      asked = { kind: "run", code, line };
      steps.push(asked);
    } else if (path !== undefined && /^(ts|js)$/.test(language)) {
      steps.push({ kind: "write", path, code: `${code}\n`, line });
      asked = undefined;
    } else if (asked !== undefined && /^(text|json)$/.test(language)) {
      asked.expected = code;
      asked = undefined;
    }
  }
  return steps;
}

/** Whether what was printed is what the page shows; `…` stands for anything, also for several lines. */
export function isAsShown(expected, printed) {
  const pattern = expected
    .trim()
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[\\s\\S]*?");
  return new RegExp(`^${pattern}$`).test(printed.replaceAll("\r", "").trim());
}
