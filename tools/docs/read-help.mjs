// What the command line says about itself: its commands, and the options of each.
import { spawnSync } from "node:child_process";

/**
 * @param {readonly string[]} program How it is started, for instance `["node", "bin.js"]`.
 * @returns {ReadonlyMap<string, readonly string[]>} Command (`keys create` for one of a group) to its long options.
 */
export function readCommands(program, group = []) {
  const commands = new Map();
  for (const name of namesUnder("Commands", helpOf(program, group))) {
    if (name === "help") continue;
    const path = [...group, name];
    const help = helpOf(program, path);
    if (namesUnder("Commands", help).length > 0) {
      for (const [command, options] of readCommands(program, path)) commands.set(command, options);
    } else {
      commands.set(path.join(" "), optionsIn(help));
    }
  }
  return commands;
}

function helpOf([command, ...args], path) {
  const { status, stdout, stderr } = spawnSync(command, [...args, ...path, "--help"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${path.join(" ")} --help ended with exit code ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** First words of the lines that a heading introduces. */
function namesUnder(heading, help) {
  const lines = help.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`${heading}:`));
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.trim() === "");
  const section = end < 0 ? rest : rest.slice(0, end);
  // Continued descriptions are indented deeper than names are.
  return section.flatMap((line) => /^ {2}([a-z][\w-]*)/.exec(line)?.[1] ?? []);
}

function optionsIn(help) {
  return [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map((match) => match[1]);
}
