// The commands as real processes against a really started server.
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createWorkbench, type Ended, TEST_LIMIT_MS, type Workbench } from "../../test/programs.js";

const HTML = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n<html";

vi.setConfig({ testTimeout: TEST_LIMIT_MS });

let bench: Workbench;
let url: string;

beforeAll(async () => {
  bench = await createWorkbench();
  ({ url } = await bench.serve());
});

afterAll(async () => {
  await bench.clear();
});

/** Runs a command against the server. */
const ask = (...args: string[]): Promise<Ended> => bench.run(args, { env: { MEANWHILE_URL: url } });

const submitted = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await ask("submit", ...args);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout.trim();
};

describe("submit", () => {
  it("prints nothing but the id", async () => {
    expect(await submitted("greet")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("--wait prints the result, and the way there beside it", async () => {
    const { code, stdout, stderr } = await ask("submit", "greet", '{"name":"Ada"}', "--wait");

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ text: "Hello, Ada!" });
    expect(stderr).toMatch(/job\.submitted[\s\S]*50% Thinking[\s\S]*job\.completed/);
  });

  it("--wait ends with 1 where the job fails, and says why", async () => {
    const { code, stdout, stderr } = await ask("submit", "refuse", "--wait");

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/meanwhile: The job \S+ failed: It is not possible\. \(no_way\)\n$/);
  });

  it("--wait --timeout-ms ends with 4 and leaves the job alone", async () => {
    const gate = join(bench.folder, "never");

    const { code, stderr } = await ask("submit", "hold", JSON.stringify({ gate }), "--wait", "--timeout-ms", "300");

    expect(code).toBe(4);
    expect(stderr).toMatch(/has not finished within 300 ms\. It goes on; see it with: meanwhile watch/);
  });

  it("takes parameters from a file and from standard input", async () => {
    await writeFile(join(bench.folder, "ada.json"), '{"name":"Ada"}');
    const env = { MEANWHILE_URL: url };

    const fromFile = await bench.run(["submit", "greet", "@ada.json", "--wait"], { env });
    const fromInput = await bench.run(["submit", "greet", "@-", "--wait"], { env, input: '{"name":"Bob"}' });

    expect([fromFile, fromInput].map(({ stdout }) => JSON.parse(stdout))).toEqual([
      { text: "Hello, Ada!" },
      { text: "Hello, Bob!" },
    ]);
  });

  it("sends everything else that a submit may say", async () => {
    const flags = [
      "--delay-ms",
      "3600000",
      "--priority",
      "-5",
      "--tag",
      "a",
      "--tag",
      "b",
      "--callback-id",
      "order-7",
      "--json",
    ];
    const { stdout } = await ask("submit", "greet", ...flags, "--idempotency-key", "once");
    const again = await ask("submit", "greet", ...flags, "--idempotency-key", "once");

    const job = JSON.parse(stdout);
    expect(job).toMatchObject({ status: "PENDING", priority: -5, tags: ["a", "b"], callbackId: "order-7" });
    expect(JSON.parse(again.stdout).id).toBe(job.id);
  });

  it.each([
    [["submit", "greet", "{name}"], 2, /The parameters are not JSON.*Write for instance/],
    [["submit", "greet", "@none.json"], 2, /none\.json cannot be read/],
    [["submit", "greet", '{"name":5}'], 1, /#\/parameters\/name.*\(invalid_parameters\)\n$/],
    [["submit", "nothing"], 1, /no job type "nothing" here\. There are: .*greet.*\(unknown_job_type\)/],
    [["submit", "greet", "--priority", "high"], 2, /--priority <number>.*must be a whole number/],
    [["submit"], 2, /missing required argument 'type'/],
    [["sbmit"], 2, /unknown command 'sbmit'[\s\S]*submit/],
    [["list", "--status", "DONE"], 2, /Allowed choices are PENDING/],
    [["list", "--limit", "0"], 2, /must be a whole number, at least 1/],
    [["get", "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d"], 1, /\(job_not_found\)/],
  ])("%j ends with %i", async (args, expected, reason) => {
    const { code, stdout, stderr } = await ask(...args);

    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("reading", () => {
  it("get shows what has a value; --json the whole job", async () => {
    const id = await submitted("greet");
    await ask("watch", id);

    const plain = await ask("get", id);
    const json = await ask("get", id, "--json");

    expect(plain.stdout).toMatch(/status +COMPLETED[\s\S]*result +\{"text":"Hello, you!"\}/);
    expect(JSON.parse(json.stdout)).toMatchObject({ id, status: "COMPLETED", result: { text: "Hello, you!" } });
  });

  it("list filters, and pages by itself", async () => {
    for (let count = 0; count < 3; count++) await submitted("greet", "--tag", "paged");

    const all = JSON.parse((await ask("list", "--tag", "paged", "--json")).stdout);
    const two = JSON.parse((await ask("list", "--tag", "paged", "--limit", "2", "--json")).stdout);
    const none = await ask("list", "--tag", "nobody");

    expect(all).toHaveLength(3);
    expect(two).toHaveLength(2);
    expect(none.stdout).toBe("No jobs.\n");
  });

  it("watch prints one line per event in a pipe", async () => {
    const id = await submitted("greet");

    const { code, stdout } = await ask("watch", id);

    const types = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/ +/)[1]);
    expect(code).toBe(0);
    expect(types).toEqual(["job.submitted", "job.started", "job.progress", "job.completed"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no control sequences may reach a pipe
    expect(stdout).not.toMatch(/\x1b/);
  });

  it("watch --json prints each event as one line of JSON, from the given one on", async () => {
    const id = await submitted("greet");

    const { stdout } = await ask("watch", id, "--json", "--after", "2");

    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ seq }) => seq)).toEqual([3, 4]);
    expect(events.at(-1)).toMatchObject({ type: "job.completed", data: { result: { text: "Hello, you!" } } });
  });

  it("watch draws a bar on a terminal, and the result below it", async () => {
    const id = await submitted("greet");

    const { code, stdout } = await bench.run(["watch", id], { env: { MEANWHILE_URL: url }, terminal: true });

    expect(code).toBe(0);
    expect(stdout).toMatch(/█{12}░{12} +50% +PROCESSING +Thinking/);
    expect(stdout).toMatch(/█{24} 100% +COMPLETED/);
    expect(stdout).toContain('"text": "Hello, you!"');
  });

  it("logs shows what was logged, by level", async () => {
    const id = await submitted("greet", '{"name":"Ada"}');

    const followed = await ask("logs", id, "--follow");
    const errors = await ask("logs", id, "--level", "error");

    expect(followed.stdout).toMatch(/INFO +attempt 1 +greeting +\{"name":"Ada"\}\n$/);
    expect(errors.stdout).toBe("");
  });
});

describe("acting", () => {
  it("cancel ends a waiting job at once, and a second one is harmless", async () => {
    const id = await submitted("greet", "--delay-ms", "3600000");

    const first = await ask("cancel", id);
    const watched = await ask("watch", id);

    expect(first).toMatchObject({ code: 0, stdout: "CANCELLED\n" });
    expect(watched.code).toBe(1);
    expect(watched.stderr).toMatch(/was cancelled/);
  });

  it("rerun prints the id of a new job", async () => {
    const id = await submitted("greet", '{"name":"Ada"}');
    await ask("watch", id);

    const rerun = (await ask("rerun", id)).stdout.trim();
    const job = JSON.parse((await ask("get", rerun, "--json")).stdout);

    expect(rerun).not.toBe(id);
    expect(job).toMatchObject({ rerunOf: id, parameters: { name: "Ada" } });
  });

  it("cancel of a finished job ends with 1", async () => {
    const id = await submitted("greet");
    await ask("watch", id);

    expect(await ask("cancel", id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("(job_already_finished)"),
    });
  });
});

describe("help", () => {
  it.each([
    "serve",
    "worker",
    "migrate",
    "submit",
    "get",
    "watch",
    "logs",
    "cancel",
    "list",
    "rerun",
    "webhooks listen",
    "keys create",
    "keys list",
    "keys revoke",
    "doctor",
  ])("%s --help has an example", async (command) => {
    const { code, stdout } = await bench.run([...command.split(" "), "--help"]);

    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Example:\n  meanwhile .*${command}`));
  });

  it("tells every exit code", async () => {
    const { stdout } = await bench.run(["--help"]);

    expect(stdout).toMatch(/Exit codes:\n +0 [\s\S]*\n +1 [\s\S]*\n +2 [\s\S]*\n +3 [\s\S]*\n +4 /);
  });
});

describe("a server that is not there", () => {
  it("ends with 3, the address and what to do", async () => {
    const { code, stderr } = await bench.run(["list", "--url", "http://127.0.0.1:1"]);

    expect(code).toBe(3);
    expect(stderr).toMatch(/No server answers at http:\/\/127\.0\.0\.1:1 .*meanwhile serve.*--url or MEANWHILE_URL/);
  });

  it.each([
    ["closes the connection at once", (socket: Socket) => void socket.destroy(), /No server answers/],
    [
      "is no meanwhile",
      (socket: Socket) => void socket.end(HTML),
      /answered 200 with something that is not JSON: is it a/,
    ],
  ])("ends with 3 where it %s", async (_, behave, reason) => {
    const stranger = createServer(behave).listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const { port } = stranger.address() as AddressInfo;

    const { code, stderr } = await bench.run(["list", "--url", `http://127.0.0.1:${port}`]);

    stranger.close();
    expect(code).toBe(3);
    expect(stderr).toMatch(reason);
  });
});
