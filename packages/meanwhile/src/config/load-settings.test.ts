// Which value holds, and what is no setting at all.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@meanwhile/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSettings } from "./load-settings.js";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "meanwhile-config-"));
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

describe("precedence", () => {
  it("takes the flag over the environment over the file over the default", async () => {
    await writeFile(join(cwd, "meanwhile.config.mjs"), 'export default { port: 3, host: "127.0.0.3", leaseMs: 3000 };');
    const env = { MEANWHILE_PORT: "2", MEANWHILE_HOST: "127.0.0.2" };

    const { settings, sources } = await loadSettings({ cwd, env, flags: { port: "1" } });

    expect(settings).toMatchObject({ port: 1, host: "127.0.0.2", leaseMs: 3000, shutdownGraceMs: 30_000 });
    expect(sources).toMatchObject({ port: "--port", host: "MEANWHILE_HOST", shutdownGraceMs: "default" });
    expect(sources.leaseMs).toBe(`leaseMs in ${join(cwd, "meanwhile.config.mjs")}`);
  });

  it("reads PORT, where MEANWHILE_PORT is not set", async () => {
    const alone = await loadSettings({ cwd, env: { PORT: "5" } });
    const both = await loadSettings({ cwd, env: { PORT: "5", MEANWHILE_PORT: "6" } });

    expect([alone.settings.port, both.settings.port]).toEqual([5, 6]);
  });

  it("takes a port or off for gRPC", async () => {
    const ports = ["9090", "0", "off", ""].map((value) => loadSettings({ cwd, env: { MEANWHILE_GRPC_PORT: value } }));

    expect((await Promise.all(ports)).map(({ settings }) => settings.grpcPort)).toEqual([9090, 0, "off", 8081]);
  });

  it("takes lists divided by commas, and true or false", async () => {
    const env = {
      MEANWHILE_ALLOW_PRIVATE_TARGETS: "localhost, 10.0.0.0/8,",
      MEANWHILE_WEBHOOK_SCHEDULE_MS: "5000, 30000",
      MEANWHILE_REQUIRE_HTTPS_TARGETS: "true",
      MEANWHILE_ALLOWED_ORIGINS: "https://App.example.com/, http://localhost:5173",
    };

    expect((await loadSettings({ cwd, env })).settings).toMatchObject({
      allowPrivateTargets: ["localhost", "10.0.0.0/8"],
      webhookScheduleMs: [5_000, 30_000],
      requireHttpsTargets: true,
      allowedOrigins: ["https://app.example.com", "http://localhost:5173"],
    });
  });

  it.each(["app.example.com", "https://app.example.com/page", "*", "null"])("takes no origin %j", async (origin) => {
    await expect(loadSettings({ cwd, env: { MEANWHILE_ALLOWED_ORIGINS: origin } })).rejects.toThrow(
      `MEANWHILE_ALLOWED_ORIGINS must hold origins such as https://app.example.com, without a path; got "${origin}".`,
    );
  });

  it("takes an empty variable as not set", async () => {
    const { settings } = await loadSettings({ cwd, env: { MEANWHILE_PORT: "", MEANWHILE_STORE: "" } });

    expect(settings).toMatchObject({ port: 8080, store: "sqlite:./data/meanwhile.db" });
  });
});

describe("the configuration file", () => {
  it("may be TypeScript, and may hold definitions", async () => {
    const source = `
      type Port = number;
      const port: Port = 4;
      export default { port, jobs: ["./jobs/*.ts"] } satisfies object;`;
    await writeFile(join(cwd, "meanwhile.config.ts"), source);

    const { settings, configFile } = await loadSettings({ cwd, env: {} });

    expect(settings).toMatchObject({ port: 4, jobs: ["./jobs/*.ts"] });
    expect(configFile).toBe(join(cwd, "meanwhile.config.ts"));
  });

  it("may be named", async () => {
    await writeFile(join(cwd, "other.mjs"), "export default { port: 7 };");

    expect((await loadSettings({ cwd, env: {}, configFile: "other.mjs" })).settings.port).toBe(7);
    await expect(loadSettings({ cwd, env: {}, configFile: "none.mjs" })).rejects.toThrow(
      /There is no configuration file .*none\.mjs/,
    );
  });

  it("is refused with an unknown name, and with the one that was meant", async () => {
    await writeFile(join(cwd, "meanwhile.config.mjs"), "export default { prot: 3 };");

    await expect(loadSettings({ cwd, env: {} })).rejects.toThrow(
      /meanwhile\.config\.mjs: there is no setting "prot"\. Did you mean "port"\?/,
    );
  });

  it.each([
    ["export const port = 3;", /must export its settings: export default/],
    ["export default { port: ;", /The module cannot be read|failed while it was loaded/],
    ['throw new Error("no disk");', /failed while it was loaded: no disk/],
    ["export default { port: 70000 };", /port in .*meanwhile\.config\.mjs must be a whole number .*; got 70000/],
    ["export default { url: 'http://x' };", /there is no setting "url"/],
  ])("is refused where it reads %j", async (source, reason) => {
    await writeFile(join(cwd, "meanwhile.config.mjs"), source);

    await expect(loadSettings({ cwd, env: {} })).rejects.toThrow(reason);
  });

  it("must be one", async () => {
    await writeFile(join(cwd, "meanwhile.config.mjs"), "export default {};");
    await writeFile(join(cwd, "meanwhile.config.js"), "export default {};");

    await expect(loadSettings({ cwd, env: {} })).rejects.toThrow(/several configuration files.*Keep one/);
  });
});

describe("refusals", () => {
  it("names an unknown variable and the closest known one", async () => {
    const refusal = loadSettings({ cwd, env: { MEANWHILE_PROT: "1" } });

    await expect(refusal).rejects.toThrow(ConfigurationError);
    await expect(refusal).rejects.toThrow(/There is no setting MEANWHILE_PROT\. Did you mean MEANWHILE_PORT\?/);
  });

  it.each([
    ["MEANWHILE_PORT", "abc"],
    ["MEANWHILE_PORT", "-1"],
    ["MEANWHILE_PORT", "0x10"],
    ["MEANWHILE_GRPC_PORT", "on"],
    ["MEANWHILE_GRPC_PORT", "65536"],
    ["MEANWHILE_ROLE", "apis"],
    ["MEANWHILE_LEASE_MS", "1.5"],
    ["MEANWHILE_LOG_LEVEL", "loud"],
    ["MEANWHILE_WEBHOOK_SCHEDULE_MS", "5s"],
    ["MEANWHILE_WEBHOOK_SCHEDULE_MS", "5000,,1"],
    ["MEANWHILE_REQUIRE_HTTPS_TARGETS", "yes"],
    ["MEANWHILE_PUBLIC_URL", "jobs.example.com"],
    ["MEANWHILE_URL", "ftp://x"],
    ["MEANWHILE_HOST", " "],
  ])("says that %s cannot be %j", async (name, value) => {
    await expect(loadSettings({ cwd, env: { [name]: value } })).rejects.toThrow(`${name} must be`);
  });
});
