// Keys, doctor and migrate, as real processes.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorkbench, FIXTURES, TEST_LIMIT_MS, type Workbench } from "../../test/programs.js";

vi.setConfig({ testTimeout: TEST_LIMIT_MS });

let bench: Workbench;

beforeEach(async () => {
  bench = await createWorkbench();
});

afterEach(async () => {
  await bench.clear();
});

describe("keys", () => {
  it("are made in a store that nobody has used yet, and open a server", async () => {
    const made = await bench.run(["keys", "create", "shop", "--owner", "acme", "--expires-in-days", "30", "--json"]);
    const { key, ...facts } = JSON.parse(made.stdout);
    const { url } = await bench.serve();
    const env = { MEANWHILE_URL: url };

    const without = await bench.run(["list"], { env });
    const wrong = await bench.run(["list"], { env: { ...env, MEANWHILE_TOKEN: "mw_wrong" } });
    const right = await bench.run(["list"], { env: { ...env, MEANWHILE_TOKEN: key } });

    expect(key).toMatch(/^mw_[\w-]{32}$/);
    expect(facts).toMatchObject({ name: "shop", owner: "acme", scopes: [], revokedAt: null });
    expect(Date.parse(facts.expiresAt) - Date.parse(facts.createdAt)).toBe(30 * 86_400_000);
    expect([without.code, wrong.code, right.code]).toEqual([5, 5, 0]);
    expect(without.stderr).toContain("MEANWHILE_TOKEN");
  });

  it("say once that nobody gets in without one any more, and how to see the jobs made before", async () => {
    const first = await bench.run(["keys", "create", "shop"]);
    const second = await bench.run(["keys", "create", "cafe"]);

    expect(first.stderr).toMatch(/refuse every caller without one.*--owner local/);
    expect(second.stderr).not.toMatch(/refuse/);
  });

  it("allow what their scopes say", async () => {
    const made = await bench.run(["keys", "create", "reader", "--scope", "jobs:read", "--scope", "jobs:submit:greet"]);
    const { url } = await bench.serve();
    const env = { MEANWHILE_URL: url, MEANWHILE_TOKEN: made.stdout.trim() };

    const allowed = await bench.run(["submit", "greet", "--wait"], { env });
    const forbidden = await bench.run(["submit", "refuse"], { env });

    expect([allowed.code, forbidden.code]).toEqual([0, 5]);
  });

  it("are listed without their secrets, and revoked by name", async () => {
    const { stdout: key } = await bench.run(["keys", "create", "shop"]);

    const doubled = await bench.run(["keys", "create", "shop"]);
    const revoked = await bench.run(["keys", "revoke", "shop"]);
    const again = await bench.run(["keys", "revoke", "shop"]);
    const listed = await bench.run(["keys", "list"]);

    expect(doubled).toMatchObject({ code: 1, stdout: "" });
    expect(revoked).toMatchObject({ code: 0, stdout: "Revoked shop.\n" });
    expect(again.code).toBe(1);
    expect(listed.stdout).toMatch(/shop +shop +revoked/);
    expect(listed.stdout).not.toContain(key.trim());
  });

  it.each([
    [["keys", "create", "a b"], /printable characters without spaces/],
    [["keys", "create", "a", "--scope", "jobs:everything"], /There is no scope "jobs:everything"\. Scopes are/],
    [["keys", "create", "a", "--store", "memory:"], /cannot be kept in memory:/],
    [["keys", "list", "--store", "mysql://u:secret@h/d"], /must be sqlite:<path>.*"mysql:\/\/…@h\/d"/],
  ])("%j ends with 2", async (args, reason) => {
    const { code, stderr } = await bench.run(args);

    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain("secret@");
  });
});

describe("migrate", () => {
  it("makes the store, and is harmless the second time", async () => {
    const first = await bench.run(["migrate"]);
    const second = await bench.run(["migrate"]);

    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.stdout).toMatch(/sqlite:.*meanwhile\.db is up to date/);
  });

  it("says what is wrong with a file that is no database, without a stack", async () => {
    await writeFile(join(bench.folder, "no.db"), "this is a letter, and no database at all".repeat(100));

    const { code, stderr } = await bench.run(["migrate", "--store", "sqlite:./no.db"]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/no\.db/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("doctor", () => {
  const findings = async (args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
    const { code, stdout, stderr } = await bench.run(["doctor", "--json", "--port", "0", ...args], { env });
    expect(stderr).toMatch(/^(?:meanwhile: \d of \d+ checks failed\.\n)?$/);
    const list = JSON.parse(stdout).findings as { name: string; status: string; message: string; advice?: string }[];
    return { code, of: (name: string) => list.find((finding) => finding.name === name) };
  };

  it("is content with a fresh folder, and changes nothing in it", async () => {
    const { code, of } = await findings(["--jobs", join(FIXTURES, "jobs", "greet.ts")]);

    expect(code).toBe(0);
    expect(of("store")).toMatchObject({ status: "ok", message: expect.stringContaining("is not there yet") });
    expect(of("jobs")).toMatchObject({ status: "ok", message: "greet" });
    expect(of("credentials")).toMatchObject({ status: "warn" });
    expect(await readdir(bench.folder)).toEqual([]);
  });

  it("looks into a store that is there", async () => {
    await bench.run(["keys", "create", "shop"]);

    const { code, of } = await findings();

    expect(code).toBe(0);
    expect(of("store")).toMatchObject({ status: "ok", message: expect.stringContaining("can be read and written") });
    expect(of("tables")).toMatchObject({ status: "ok" });
    expect(of("clock")).toMatchObject({ status: "ok" });
    expect(of("credentials")).toMatchObject({ status: "ok", message: "1 API key" });
  });

  it("counts keys that open the door, and warns where none does", async () => {
    await bench.run(["keys", "create", "shop"]);
    await bench.run(["keys", "create", "cafe"]);
    await bench.run(["keys", "revoke", "shop"]);
    const one = await findings();
    await bench.run(["keys", "revoke", "cafe"]);

    const none = await findings();

    expect(one.of("credentials")).toMatchObject({ status: "ok", message: "1 API key" });
    expect(none.of("credentials")).toMatchObject({
      status: "warn",
      message: expect.stringContaining("every caller is refused"),
    });
  });

  it("finds a broken store, a folder in the way, a wrong module, missing keys and a wrong variable", async () => {
    await writeFile(join(bench.folder, "broken.db"), "not a database ".repeat(500));
    await writeFile(join(bench.folder, "files"), "a file, and no folder");

    const broken = await findings([
      "--store",
      "sqlite:./broken.db",
      "--files",
      "./files/deeper",
      "--host",
      "0.0.0.0",
      "--jobs",
      join(FIXTURES, "wrong", "negative-timeout.ts"),
    ]);
    const misspelt = await findings([], { MEANWHILE_STROE: "x" });

    expect(broken.code).toBe(1);
    for (const name of ["store", "files", "jobs", "credentials"]) {
      expect(broken.of(name)).toMatchObject({ name, status: "fail", advice: expect.any(String) });
    }
    expect(misspelt.of("configuration")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("MEANWHILE_STORE"),
    });
  });

  it("tells a port that a stranger has taken from one that a server of ours has", async () => {
    const stranger = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const taken = String((stranger.address() as { port: number }).port);
    const { url } = await bench.serve();
    try {
      const foreign = await findings(["--port", taken]);
      const ours = await findings(["--port", new URL(url).port]);

      expect(foreign.of("port")).toMatchObject({
        status: "fail",
        advice: expect.stringContaining("choose another port"),
      });
      expect(ours.of("port")).toMatchObject({
        status: "ok",
        message: expect.stringContaining("a meanwhile server that answers"),
      });
    } finally {
      stranger.close();
    }
  });

  it("says where webhooks may go, and which entry of the list cannot be read", async () => {
    const listed = await findings([], { MEANWHILE_ALLOW_PRIVATE_TARGETS: "localhost,10.0.0.0/8" });
    const wrong = await findings([], { MEANWHILE_ALLOW_PRIVATE_TARGETS: "localhost:3000" });

    expect(listed.of("webhooks")).toMatchObject({
      status: "ok",
      message: "to public addresses, and to localhost, 10.0.0.0/8",
    });
    expect(wrong.of("webhooks")).toMatchObject({
      status: "fail",
      message: expect.stringMatching(/^MEANWHILE_ALLOW_PRIVATE_TARGETS must hold .*"localhost:3000"/),
    });
  });

  it("looks at the port of gRPC as serve would", async () => {
    const stranger = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const taken = String((stranger.address() as { port: number }).port);
    try {
      const chosen = await findings(["--grpc-port", taken]);
      const off = await findings([], { MEANWHILE_GRPC_PORT: "off" });

      expect(chosen.of("gRPC port")).toMatchObject({
        status: "fail",
        advice: expect.stringContaining("--grpc-port or MEANWHILE_GRPC_PORT"),
      });
      expect(off.of("gRPC port")).toMatchObject({ status: "ok", message: "off: no gRPC is served" });
    } finally {
      stranger.close();
    }
  });

  it("says it in words, too", async () => {
    await mkdir(join(bench.folder, "data"));

    const { stdout } = await bench.run(["doctor", "--port", "0"]);

    expect(stdout).toMatch(/^ok +meanwhile +\d+\.\d+\.\d+\nok +node +\d+/);
    expect(stdout).toMatch(/warn +jobs +none are named\n +→ Name modules with --jobs/);
  });
});
