// The README's tables say what the code says.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EXIT_CODES } from "./cli/exit-codes.js";
import { SETTING_NAMES, settingOf } from "./config/settings.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("has a row for every setting, with its flag, variable and default", () => {
  for (const name of SETTING_NAMES) {
    const { flag, env, defaultText } = settingOf(name);
    const code = (text: string | undefined) => (text === undefined ? "" : `\`${text}\``);
    expect(readme).toContain(`| \`${name}\` | ${code(flag && `--${flag}`)} | ${code(env)} | ${defaultText} |`);
  }
});

it("has a row for every exit code", () => {
  for (const { code, meaning } of Object.values(EXIT_CODES)) expect(readme).toContain(`| ${code} | ${meaning} |`);
});
