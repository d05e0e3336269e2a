// `meanwhile doctor`: says what is wrong, and what to do.
import { resolve } from "node:path";
import type { Command } from "commander";
import type { LoadedSettings } from "../../config/load-settings.js";
import { loadJobs } from "../../modules/load-jobs.js";
import { VERSION } from "../../version.js";
import { CliError } from "../cli-error.js";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import { type Finding, fail, messageOf, ok, warn } from "../doctor/check.js";
import { checkAddress, checkCredentials } from "../doctor/check-address.js";
import { checkStore } from "../doctor/check-store.js";
import { findWritableFault } from "../doctor/writable.js";
import { addConfigOption, addSettings, settingsOf } from "../setting-options.js";

export function addDoctor(program: Command, io: CliIo): void {
  const command = program
    .command("doctor")
    .summary("say what is wrong and what to do")
    .description("Looks at everything that serve needs and changes nothing; exit code 1 where something is wrong.")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile doctor --jobs ./jobs/*.ts");
  addConfigOption(addSettings(command, ["jobs", "store", "files", "port", "host"]));
  command.action(async () => {
    const findings = await examine(command, io);
    if (command.opts<{ json?: true }>().json === true) printJson(io.stdout, { version: VERSION, findings });
    else for (const finding of findings) for (const line of linesOf(finding)) printLine(io.stdout, line);
    const failed = findings.filter(({ status }) => status === "fail").length;
    if (failed > 0) throw new CliError("negative", `${failed} of ${findings.length} checks failed.`);
  });
}

async function examine(command: Command, io: CliIo): Promise<readonly Finding[]> {
  const findings = [ok("meanwhile", VERSION), checkNode(process.versions.node)];
  let loaded: LoadedSettings;
  try {
    loaded = await settingsOf(command, io);
  } catch (error) {
    // Without settings there is nothing else to look at.
    return [...findings, fail("configuration", messageOf(error), "Correct it, then run meanwhile doctor again.")];
  }
  findings.push(ok("configuration", loaded.configFile ?? "no file; flags, environment and defaults"));
  const { findings: ofStore, keyCount } = await checkStore(loaded, io.cwd);
  return [
    ...findings,
    await checkJobs(loaded, io.cwd),
    ...ofStore,
    await checkFiles(loaded, io.cwd),
    await checkAddress(loaded),
    checkCredentials(loaded, keyCount),
  ];
}

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19)
    ? ok("node", version)
    : fail("node", version, "Install Node 20.19 or newer.");
}

async function checkJobs({ settings }: LoadedSettings, cwd: string): Promise<Finding> {
  if (settings.jobs.length === 0) {
    return warn("jobs", "none are named", "Name modules with --jobs ./jobs/*.ts, or as jobs in meanwhile.config.ts.");
  }
  try {
    const { definitions, modulesWithoutJobs } = await loadJobs(settings.jobs, { cwd });
    const types = definitions.map(({ type }) => type).join(", ");
    if (modulesWithoutJobs.length === 0) return ok("jobs", types);
    return warn(
      "jobs",
      `${types}; none in ${modulesWithoutJobs.join(", ")}`,
      "Export what defineJob returns, or leave the module out.",
    );
  } catch (error) {
    return fail("jobs", messageOf(error), "Correct the module; serve would not start.");
  }
}

async function checkFiles({ settings }: LoadedSettings, cwd: string): Promise<Finding> {
  const folder = resolve(cwd, settings.files);
  const fault = await findWritableFault(resolve(folder, "probe"));
  return fault === undefined
    ? ok("files", `${folder} can be written`)
    : fail(
        "files",
        fault,
        "Give this user the right to write there, or name another folder with --files or MEANWHILE_FILES.",
      );
}

function linesOf({ name, status, message, advice }: Finding): readonly string[] {
  const line = `${status.padEnd(4)}  ${name.padEnd(13)}  ${message}`;
  return advice === undefined ? [line] : [line, `${" ".repeat(21)}→ ${advice}`];
}
