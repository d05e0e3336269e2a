// `meanwhile doctor`: says what is wrong, and what to do.
import type { Command } from "commander";
import { VERSION } from "../../version.js";
import { CliError } from "../cli-error.js";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import type { Finding } from "../doctor/check.js";
import { addConfigOption, addSettings, settingsOf } from "../setting-options.js";

export function addDoctor(program: Command, io: CliIo): void {
  const command = program
    .command("doctor")
    .summary("say what is wrong and what to do")
    .description("Looks at everything that serve needs and changes nothing; exit code 1 where something is wrong.")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile doctor --jobs ./jobs/*.ts");
  addConfigOption(addSettings(command, ["jobs", "store", "files", "port", "host", "grpcPort"]));
  command.action(async () => {
    // Loaded on use: it needs a server and a store, and most commands need neither.
    const { examine } = await import("../doctor/examine.js");
    const findings = await examine(() => settingsOf(command, io), io.cwd);
    if (command.opts<{ json?: true }>().json === true) printJson(io.stdout, { version: VERSION, findings });
    else for (const finding of findings) for (const line of linesOf(finding)) printLine(io.stdout, line);
    const failed = findings.filter(({ status }) => status === "fail").length;
    if (failed > 0) throw new CliError("negative", `${failed} of ${findings.length} checks failed.`);
  });
}

function linesOf({ name, status, message, advice }: Finding): readonly string[] {
  const line = `${status.padEnd(4)}  ${name.padEnd(13)}  ${message}`;
  return advice === undefined ? [line] : [line, `${" ".repeat(21)}→ ${advice}`];
}
