// `meanwhile doctor` on a real PostgreSQL server, as a real process.
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorkbench, TEST_LIMIT_MS, type Workbench } from "../../test/programs.js";

vi.setConfig({ testTimeout: TEST_LIMIT_MS });

const SERVER_URL = process.env.MEANWHILE_TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";

let bench: Workbench;
let client: pg.Client;
let schema: string;

beforeEach(async ({ skip }) => {
  bench = await createWorkbench();
  schema = `meanwhile_test_${randomUUID().slice(0, 8)}`;
  client = new pg.Client({ connectionString: SERVER_URL, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
  } catch (error) {
    if (process.env.CI === "true") throw error;
    skip(`no PostgreSQL server answers at MEANWHILE_TEST_POSTGRES_URL (${(error as Error).message})`);
  }
});

afterEach(async () => {
  await bench.clear();
  await client.query(`drop schema if exists ${schema} cascade`).catch(() => {});
  await client.end();
});

describe("doctor on PostgreSQL", () => {
  const address = (parameters: Record<string, string> = {}) => {
    const url = new URL(SERVER_URL);
    for (const [name, value] of Object.entries({ schema, ...parameters })) url.searchParams.set(name, value);
    return ["--store", url.href.replaceAll("+", "%20")];
  };
  const findings = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const { code, stdout } = await bench.run(["doctor", "--json", "--port", "0", ...args], { env });
    const list = JSON.parse(stdout).findings as { name: string; status: string; message: string; advice?: string }[];
    return { code, of: (name: string) => list.find((finding) => finding.name === name) };
  };

  it("says that the tables are missing, and makes none", async () => {
    const { code, of } = await findings(address());

    expect(code).toBe(1);
    expect(of("tables")).toMatchObject({ status: "fail", advice: expect.stringContaining("meanwhile migrate") });
    const { rows } = await client.query("select 1 from pg_namespace where nspname = $1", [schema]);
    expect(rows).toEqual([]);
  });

  it("shows what the server is, and warns of commits that do not wait for the disk", async () => {
    await bench.run(["migrate", ...address()]);

    const { code, of } = await findings(address({ options: "-c synchronous_commit=off" }));

    expect(code).toBe(0);
    expect(of("store")).toMatchObject({ status: "ok", message: expect.stringMatching(/serverVersion \d+/) });
    expect(of("clock")).toMatchObject({ status: "ok" });
    expect(of("durability")).toMatchObject({ status: "warn", message: expect.stringMatching(/synchronous_commit/) });
  });

  it("warns of a clock that differs from the server's", async () => {
    await bench.run(["migrate", ...address()]);
    const ahead = join(bench.folder, "an-hour-ahead.mjs");
    await writeFile(ahead, "const now = Date.now; Date.now = () => now() + 3_600_000;");

    const { of } = await findings(address(), { NODE_OPTIONS: `--import=${ahead}` });

    expect(of("clock")).toMatchObject({
      status: "warn",
      message: expect.stringMatching(/differs .* by 3[56]\d{5} ms/),
    });
  });
});
