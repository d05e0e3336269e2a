// Fails where the OpenAPI document that a running server hands out is not a good one, or lists other requests than the page.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRouteFaults } from "./docs/find-route-faults.mjs";
import { reportFaults } from "./report-faults.mjs";
import { startServer } from "./running-server.mjs";

const PAGE = "docs/reference/http-api.md";
/** The tag of routes that job types claim for themselves: no page can list those of everybody. */
const APART = ["Job types"];
const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "meanwhile-openapi-"));
try {
  const path = join(folder, "openapi.json");
  const document = await readDocument();
  // On lines of its own each, so that the linter's complaints can be read.
  writeFileSync(path, JSON.stringify(document, null, 2));
  const text = readFileSync(join(root, PAGE), "utf8");
  reportFaults("requests", findRouteFaults(PAGE, text, document, { apart: APART }));
  const redocly = join(root, "node_modules", ".bin", "redocly");
  const lint = spawnSync(redocly, ["lint", path, "--config", join(root, "redocly.yaml")], {
    stdio: "inherit",
    env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
  });
  if (lint.status !== 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function readDocument() {
  const server = await startServer("node examples/showcase/dist/main.js", { folder: root });
  try {
    const answer = await fetch(`${server.url}/openapi.json`);
    if (!answer.ok) throw new Error(`GET /openapi.json answered ${answer.status}`);
    return await answer.json();
  } finally {
    await server.stop();
  }
}
