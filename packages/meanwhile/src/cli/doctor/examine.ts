// The checks of `doctor`, in the order in which a start would need them.
import { resolve } from "node:path";
import type { LoadedSettings } from "../../config/load-settings.js";
import { loadJobs } from "../../modules/load-jobs.js";
import { configuredWebhooks } from "../../process/configured-webhooks.js";
import { VERSION } from "../../version.js";
import { type Finding, fail, messageOf, ok, warn } from "./check.js";
import { checkAddress, checkCredentials, checkGrpcAddress } from "./check-address.js";
import { checkAmqp } from "./check-amqp.js";
import { checkStore } from "./check-store.js";
import { findWritableFault } from "./writable.js";

/** Everything that `serve` needs, one finding after the other. */
export async function examine(load: () => Promise<LoadedSettings>, cwd: string): Promise<readonly Finding[]> {
  const findings = [ok("meanwhile", VERSION), checkNode(process.versions.node)];
  let loaded: LoadedSettings;
  try {
    loaded = await load();
  } catch (error) {
    // Without settings there is nothing else to look at.
    return [...findings, fail("configuration", messageOf(error), "Correct it, then run meanwhile doctor again.")];
  }
  findings.push(ok("configuration", loaded.configFile ?? "no file; flags, environment and defaults"));
  const { findings: ofStore, keys } = await checkStore(loaded, cwd);
  return [
    ...findings,
    await checkJobs(loaded, cwd),
    ...ofStore,
    await checkFiles(loaded, cwd),
    await checkAddress(loaded),
    await checkGrpcAddress(loaded),
    checkCredentials(loaded, keys),
    checkWebhooks(loaded),
    ...(await checkAmqp(loaded)),
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

function checkWebhooks(loaded: LoadedSettings): Finding {
  try {
    const { allowPrivateTargets = [] } = configuredWebhooks(loaded);
    const more = allowPrivateTargets.length === 0 ? "" : `, and to ${allowPrivateTargets.join(", ")}`;
    return ok("webhooks", `to public addresses${more}`);
  } catch (error) {
    return fail("webhooks", messageOf(error), "Correct the list; serve would not start.");
  }
}
