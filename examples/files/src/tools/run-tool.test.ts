import { access } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { convertBytes, failureOf, namedAs } from "../testing/conversions.js";
import { runningTools } from "../testing/running-tools.js";
import { waitUntil } from "../testing/wait-until.js";
import { withWorkFolder } from "../work-folder/work-folder.js";
import { findTool } from "./find-tool.js";
import { runTool, type ToolRun } from "./run-tool.js";

afterEach(() => vi.unstubAllEnvs());

function shell(script: string, options: Partial<ToolRun> = {}) {
  return withWorkFolder((workFolder) =>
    runTool({
      program: "/bin/sh",
      // The folder is named on the command line, so that what is left of the tool can be found by it.
      arguments: ["-c", script, workFolder],
      workFolder,
      signal: new AbortController().signal,
      timeoutMs: 10_000,
      ...options,
    }),
  );
}

describe("running a tool", () => {
  it("gives its output, its complaints and its exit code", async () => {
    expect(await shell("echo out; echo err >&2; exit 3")).toEqual({
      ended: "exited",
      exitCode: 3,
      output: "out\n",
      complaints: "err\n",
    });
  });

  it("hides the worker's environment from it", async () => {
    vi.stubEnv("MEANWHILE_API_KEYS", "acme:mw_secret");

    const outcome = await shell("env");

    expect(outcome).toMatchObject({ output: expect.not.stringContaining("mw_secret") });
  });

  it("keeps the end only of complaints without end", async () => {
    const outcome = await shell(
      "i=0; while [ $i -lt 5000 ]; do echo 'a complaint of some length' >&2; i=$((i+1)); done; echo last >&2",
    );

    if (outcome.ended !== "exited") throw new Error(outcome.ended);
    expect(outcome.complaints.length).toBeLessThanOrEqual(8_192);
    expect(outcome.complaints.endsWith("last\n")).toBe(true);
  });

  it("ends it after its time, with all its children", async () => {
    const outcome = await shell(`sh -c 'sleep 1000' "$0" & wait`, { timeoutMs: 200 });

    expect(outcome).toEqual({ ended: "timed_out" });
    await waitUntil("no tool of this process runs", async () => (await runningTools()).length === 0);
  });

  it("ends what it left running behind", async () => {
    await shell(`sh -c 'sleep 1000' "$0" >/dev/null 2>&1 & exit 0`);

    await waitUntil("no tool of this process runs", async () => (await runningTools()).length === 0);
  });

  it("is aborted with the reason of the signal", async () => {
    const abort = new AbortController();

    const run = shell("echo started; sleep 1000", {
      signal: abort.signal,
      onLine: () => abort.abort(new Error("enough")),
    });

    await expect(run).rejects.toThrow("enough");
  });

  it("bounds the memory it may take", async () => {
    const outcome = await shell("ulimit -v", { memoryKib: 500_000 });

    expect(outcome).toMatchObject({ output: "500000\n" });
  });

  it("fails when there is no such program", async () => {
    await expect(shell("", { program: "/nowhere/tool" })).rejects.toThrow("ENOENT");
  });
});

describe("a tool that is missing", () => {
  it.each([
    ["txt", "pdf", "hello", "libreoffice-writer-nogui"],
    ["wav", "mp3", `RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00${"\x00".repeat(60)}`, "ffmpeg"],
  ] as const)("fails %s to %s and says what to install", async (source, target, content, install) => {
    vi.stubEnv("PATH", "/nowhere");

    const failure = await failureOf(convertBytes(namedAs(source, Buffer.from(content, "latin1")), target));

    expect(failure.code).toBe("converter_missing");
    expect(failure.message).toContain(install);
  });

  it("is not mistaken for a folder or an unreadable file of its name", async () => {
    await withWorkFolder(async (folder) => {
      const found = await findTool("ffmpeg", `${path.join(folder, "missing")}:${folder}`);

      expect(found).toBeUndefined();
      await access(folder);
    });
  });
});
