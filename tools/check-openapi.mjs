// Fails where the OpenAPI document that a running server hands out is not a good one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "./running-server.mjs";

const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "meanwhile-openapi-"));
try {
  const path = join(folder, "openapi.json");
  writeFileSync(path, await readDocument());
  const lint = spawnSync("npx", ["--no", "redocly", "lint", path, "--config", join(root, "redocly.yaml")], {
    stdio: "inherit",
    env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
  });
  process.exitCode = lint.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function readDocument() {
  const server = await startServer("node examples/showcase/dist/main.js", { folder: root });
  try {
    const answer = await fetch(`${server.url}/openapi.json`);
    if (!answer.ok) throw new Error(`GET /openapi.json answered ${answer.status}`);
    return await answer.text();
  } finally {
    await server.stop();
  }
}
