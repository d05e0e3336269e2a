// The OpenAPI document: well-formed by a linter's judgement, and true by what the server answers.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startTestServer } from "../testing/test-server.js";

describe("GET /openapi.json", () => {
  it("passes the linter", async () => {
    const { app } = await startTestServer({ worker: false });
    const { body } = await app.inject({ url: "/openapi.json" });
    const folder = mkdtempSync(join(tmpdir(), "meanwhile-openapi-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "openapi.json"), body);

    const root = resolve(import.meta.dirname, "../../../..");
    const lint = spawnSync(
      "npx",
      [
        "--no",
        "redocly",
        "lint",
        join(folder, "openapi.json"),
        "--config",
        join(root, "redocly.yaml"),
        "--max-problems",
        "20",
        "--format",
        "stylish",
      ],
      {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
      },
    );

    expect(`${lint.stdout}${lint.stderr}`).not.toMatch(/You have \d+ (warning|error)/);
    expect(lint.status).toBe(0);
  });
});
