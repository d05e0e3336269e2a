// Judges every file of the project by the rules of style that a machine can check.
import { readFileSync } from "node:fs";
import { listFiles } from "../list-files.mjs";
import { findUses } from "./find-uses.mjs";

const CODE = /\.(ts|mjs)$/;
// A test beside its source is opened for the source's reason.
const HAS_FIRST_LINE = /^((packages|examples)\/[^/]+|bench)\/src\/(?!.*\.test\.ts$)|^tests\/|^tools\//;
const COMMENT = /^(#!.*\n)?(\/\/ \S|\/\*\*? ?\S)/;

/**
 * @param {string} root The project.
 * @param {object} rules As `rules.mjs` exports them.
 * @returns {string[]} One line per fault: `path:line: what is wrong`.
 */
export function findStyleFaults(root, rules) {
  return listFiles(root).flatMap((path) => {
    const text = readFileSync(`${root}/${path}`, "utf8");
    // NUL: a picture or another file that is not text.
    if (text.includes("\0")) return [];
    const faults = traceFaults(path, text, rules);
    return CODE.test(path) ? [...faults, ...shapeFaults(path, text, rules), ...useFaults(path, text, rules)] : faults;
  });
}

function shapeFaults(path, text, { MOST_LINES, LONG_FILES }) {
  const faults = [];
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES && LONG_FILES[path] === undefined) {
    faults.push(`${path}:${lines}: ${lines} lines, at most ${MOST_LINES}; split it by reason to be opened`);
  }
  if (HAS_FIRST_LINE.test(path) && !COMMENT.test(text)) {
    faults.push(`${path}:1: the first line must say, in a comment, why somebody opens this file`);
  }
  for (const [index, line] of text.split("\n").entries()) {
    if (/@ts-(ignor[e]|nochec[k]|expect-erro[r])/.test(line))
      faults.push(`${path}:${index + 1}: a type check is switched off`);
  }
  return faults;
}

function useFaults(path, text, { USE_RULES }) {
  return USE_RULES.filter(({ where, except }) => where.test(path) && !isExcepted(path, except)).flatMap(
    ({ rule, uses, instead }) =>
      findUses(path, text, uses).map(({ name, line }) => `${path}:${line}: ${rule}: not ${name}; ${instead}`),
  );
}

/** A key ending in `/` stands for a folder. */
function isExcepted(path, except) {
  return Object.keys(except).some((key) => (key.endsWith("/") ? path.startsWith(key) : path === key));
}

function traceFaults(path, text, { MACHINE_WORDS }) {
  return text.split("\n").flatMap((line, index) => {
    const word = MACHINE_WORDS.find((pattern) => pattern.test(line));
    return word === undefined
      ? []
      : [`${path}:${index + 1}: names a machine it was written on: ${line.trim().slice(0, 80)}`];
  });
}
