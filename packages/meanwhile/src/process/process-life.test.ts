// The life of the processes: refused starts, calm stops, two roles on one store.
import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorkbench, FIXTURES, TEST_LIMIT_MS, type Workbench } from "../../test/programs.js";

const JOBS = ["--jobs", join(FIXTURES, "jobs", "*.ts")];

vi.setConfig({ testTimeout: TEST_LIMIT_MS });

let bench: Workbench;

beforeEach(async () => {
  bench = await createWorkbench();
});

afterEach(async () => {
  await bench.clear();
});

const ask = (url: string, ...args: string[]) => bench.run(args, { env: { MEANWHILE_URL: url } });

/** Rights are nothing to root: for root the folder is a file system that takes no writes. */
async function makeUnwritable(folder: string): Promise<() => void> {
  await mkdir(folder, { mode: 0o500 });
  if (process.getuid?.() !== 0) return () => undefined;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", folder]);
  expect(mounted.status, String(mounted.stderr)).toBe(0);
  return () => void spawnSync("umount", ["-l", folder]);
}

async function submitHeld(url: string): Promise<{ id: string; gate: string }> {
  const gate = join(bench.folder, "gate");
  const { stdout } = await ask(url, "submit", "hold", JSON.stringify({ gate }));
  const id = stdout.trim();
  const watching = bench.start(["watch", id], { env: { MEANWHILE_URL: url } });
  await watching.says(/job\.started/);
  watching.kill("SIGKILL");
  return { id, gate };
}

describe("the start", () => {
  it("lets pages of the origins that are named read answers", async () => {
    const origin = "https://app.example.com";
    const server = await bench.serve([...JOBS, "--allowed-origins", origin]);

    const [listed, other] = await Promise.all(
      [origin, "https://elsewhere.example.com"].map((from) =>
        fetch(`${server.url}/api/v2/jobs`, { headers: { origin: from } }),
      ),
    );

    expect([listed?.status, listed?.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    expect([other?.status, other?.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });

  it("says where things are and one line that works when pasted", async () => {
    const server = await bench.serve();

    const [, line = ""] = await server.says(/Try: (curl .*)\n/);

    expect(server.stdout()).toMatch(
      /meanwhile: API http:\/\/127\.0\.0\.1:\d+\/api\/v2, docs http:\/\/127\.0\.0\.1:\d+\/docs, gRPC 127\.0\.0\.1:\d+\n/,
    );
    expect(server.stdout()).toMatch(/No credentials are configured: this machine only/);
    const answer = await fetch(`${server.url}/api/v2/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: /-d '(.*)'/.exec(line)?.[1] ?? "",
    });
    expect(answer.status).toBe(202);
  });

  it("is refused where a file stands in the place of the folder of files, and names it", async () => {
    await writeFile(join(bench.folder, "in-the-way"), "a file, and no folder");

    const { code, stderr } = await bench.run(["serve", ...JOBS, "--port", "0", "--files", "./in-the-way"]);

    expect(code).toBe(3);
    expect(stderr).toMatch(/^meanwhile: Files cannot be kept now\..*in-the-way cannot be written.*\n$/m);
  });

  it("says that files cannot be kept, and serves all the same", async () => {
    const release = await makeUnwritable(join(bench.folder, "locked"));
    try {
      const server = await bench.serve([...JOBS, "--files", "./locked/files"]);

      await server.says(/locked cannot be written by this user.*files cannot be kept/);
    } finally {
      release();
    }
  });

  it("logs JSON in a pipe, and readable lines on a terminal", async () => {
    const piped = await bench.serve();
    const onTerminal = bench.start(["serve", "--port", "0", ...JOBS], { terminal: true });

    await piped.says(/"msg":"ready"/);
    await onTerminal.says(/\d\d:\d\d:\d\d\.\d{3} INFO {2}ready role=all/);
    expect(JSON.parse(piped.stderr().trim().split("\n").at(-1)!)).toMatchObject({ level: "info", role: "all" });
  });

  it.each([
    ["no jobs", [], {}, /There are no jobs\. Name the modules/],
    [
      "a wrong definition",
      ["--jobs", join(FIXTURES, "wrong", "negative-timeout.ts")],
      {},
      /negative-timeout\.ts: defineJob\("slow"\): timeoutMs/,
    ],
    [
      "a foreign address without credentials",
      [...JOBS, "--host", "0.0.0.0"],
      {},
      /no credentials are configured.*meanwhile keys create/,
    ],
    [
      "an address of another machine",
      [...JOBS, "--host", "192.0.2.1"],
      { MEANWHILE_API_KEYS: "acme:mw_secret" },
      /"192\.0\.2\.1" is no address of this machine.*MEANWHILE_HOST/,
    ],
    [
      "unreadable keys",
      JOBS,
      { MEANWHILE_API_KEYS: "acme:topsecret" },
      /^(?!.*topsecret).*MEANWHILE_API_KEYS: .*entry 1/,
    ],
    ["an unknown variable", JOBS, { MEANWHILE_LEASE: "1" }, /Did you mean MEANWHILE_LEASE_MS/],
    ["too short a lease", [...JOBS, "--lease-ms", "5"], {}, /leaseMs must be/],
  ])("is refused with %s: one line, exit code 2", async (_, args, env, reason) => {
    const { code, stdout, stderr } = await bench.run(["serve", "--port", "0", "--log-level", "silent", ...args], {
      env,
    });

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(reason);
  });

  it("is refused on a port that is taken: one line, exit code 2", async () => {
    const { url } = await bench.serve();
    const { port } = new URL(url);

    const { code, stderr } = await bench.run(["serve", ...JOBS, "--port", port, "--log-level", "silent"]);

    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^meanwhile: Port ${port} of 127\\.0\\.0\\.1 is taken.*--port or MEANWHILE_PORT.*\n$`),
    );
  });
});

describe("the port of gRPC", () => {
  it("that was chosen must be free: one line, exit code 2", async () => {
    const { url } = await bench.serve();
    const { port } = new URL(url);

    const { code, stderr } = await bench.run([
      ...["serve", ...JOBS, "--port", "0", "--grpc-port", port, "--log-level", "silent"],
    ]);

    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^meanwhile: Port ${port} .*taken.*--grpc-port or MEANWHILE_GRPC_PORT.*\n$`));
  });

  it("that nobody chose may be taken: the API is served, and the log says what is not", async () => {
    const holder = createServer();
    // Where another program has it, it is as taken as this test needs it to be.
    await new Promise<void>((resolve) => holder.once("error", () => resolve()).listen(8081, "127.0.0.1", resolve));
    try {
      const server = await bench.serve(undefined, { env: { MEANWHILE_GRPC_PORT: "" } });

      await server.says(/Port 8081 of 127\.0\.0\.1 is taken.*MEANWHILE_GRPC_PORT.*gRPC is not served/);
      expect(server.stdout()).not.toMatch(/gRPC/);
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    } finally {
      holder.close();
    }
  });

  it("is served neither where it is off nor by a worker", async () => {
    const off = await bench.serve([...JOBS, "--grpc-port", "off"]);
    const worker = bench.start(["worker", ...JOBS], { env: { MEANWHILE_GRPC_PORT: new URL(off.url).port } });

    await worker.says(/meanwhile: worker on/);
    expect(off.stdout()).not.toMatch(/gRPC/);
  });
});

describe("the stop", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("on %s lets a running attempt finish, and ends with 0", async (signal) => {
    const server = await bench.serve();
    const { id, gate } = await submitHeld(server.url);

    server.kill(signal);
    await server.says(/stopping: running attempts may end/);
    const ready = await fetch(`${server.url}/readyz`);
    const read = await fetch(`${server.url}/api/v2/jobs/${id}`);
    const refused = await fetch(`${server.url}/api/v2/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"type":"greet"}',
    });
    await writeFile(gate, "");
    const { code } = await server.end();

    expect([ready.status, read.status, refused.status]).toEqual([503, 200, 503]);
    expect(code).toBe(0);
    const again = await bench.serve();
    expect(JSON.parse((await ask(again.url, "get", id, "--json")).stdout)).toMatchObject({
      status: "COMPLETED",
      result: { attempt: 1, pid: server.pid },
    });
  });

  it("hands back what the grace was too short for; another process runs it, and the attempt is not counted", async () => {
    const server = await bench.serve([...JOBS, "--shutdown-grace-ms", "50"]);
    const { id, gate } = await submitHeld(server.url);

    server.kill("SIGTERM");
    const { code } = await server.end();
    await writeFile(gate, "");
    const next = await bench.serve();
    const { stdout } = await ask(next.url, "watch", id, "--json");

    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ type }) => type)).toEqual([
      "job.submitted",
      "job.started",
      "job.retrying",
      "job.started",
      "job.completed",
    ]);
    expect(events.at(-1).data.result).toEqual({ attempt: 1, pid: next.pid });
  });

  it("does not wait for a handler that ignores its signal", async () => {
    const server = await bench.serve([...JOBS, "--shutdown-grace-ms", "50"]);
    const id = (await ask(server.url, "submit", "stubborn")).stdout.trim();
    const watching = bench.start(["watch", id], { env: { MEANWHILE_URL: server.url } });
    await watching.says(/job\.started/);
    watching.kill("SIGKILL");

    server.kill("SIGTERM");

    expect((await server.end()).code).toBe(0);
  });

  it("is immediate when the signal comes again later", async () => {
    const server = await bench.serve();
    await submitHeld(server.url);
    server.kill("SIGTERM");
    await server.says(/stopping/);

    const { code } = await server.endUnder("SIGTERM");

    expect(code).toBe(143);
  });

  it("takes signals of the same moment for one, as npm passes on what the terminal has sent already", async () => {
    const server = await bench.serve();
    const { id, gate } = await submitHeld(server.url);

    server.kill("SIGINT");
    server.kill("SIGINT");
    await server.says(/stopping/);
    await writeFile(gate, "");

    expect((await server.end()).code).toBe(0);
    const again = await bench.serve();
    expect(JSON.parse((await ask(again.url, "get", id, "--json")).stdout)).toMatchObject({
      status: "COMPLETED",
      attempt: 1,
    });
  });

  it("answers waiting requests at once", async () => {
    const server = await bench.serve();
    const { id, gate } = await submitHeld(server.url);
    const waiting = fetch(`${server.url}/api/v2/jobs/${id}`, { headers: { prefer: "wait=60" } });
    const etag = (await fetch(`${server.url}/api/v2/jobs/${id}`)).headers.get("etag");

    server.kill("SIGTERM");

    expect((await waiting).status).toBe(200);
    expect(etag).not.toBeNull();
    await writeFile(gate, "");
    expect((await server.end()).code).toBe(0);
  });

  it("follows an error that nobody caught: one line that says so, exit code 70", async () => {
    const server = await bench.serve();

    await ask(server.url, "submit", "stray");
    const { code, stderr } = await server.end();

    expect(code).toBe(70);
    expect(stderr).toMatch(/"message":"nobody catches this"[\s\S]*an error that nobody caught ends the process/);
  });
});

describe("watch", () => {
  it("goes on where it was when the server is restarted", async () => {
    const first = await bench.serve([...JOBS, "--lease-ms", "300"]);
    const { port } = new URL(first.url);
    const { id, gate } = await submitHeld(first.url);
    const watching = bench.start(["watch", id], { env: { MEANWHILE_URL: first.url } });
    await watching.says(/job\.started/);

    first.kill("SIGKILL");
    await watching.says(/Trying again/);
    await writeFile(gate, "");
    await bench.serve([...JOBS, "--port", port, "--lease-ms", "300"]);
    const { code, stdout } = await watching.end();

    expect(code).toBe(0);
    const types = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/ +/)[1]);
    expect(types).toEqual(["job.submitted", "job.started", "job.retrying", "job.started", "job.completed"]);
  });

  it("leaves the job alone on Ctrl-C, and says how to go on", async () => {
    const server = await bench.serve();
    const { id } = await submitHeld(server.url);
    const watching = bench.start(["watch", id], { env: { MEANWHILE_URL: server.url } });
    await watching.says(/job\.started/);

    watching.kill("SIGINT");
    const { code, stderr } = await watching.end();

    expect(code).toBe(130);
    expect(stderr).toMatch(new RegExp(`It goes on; see it with: meanwhile watch ${id}`));
  });
});

describe("two processes on one store", () => {
  it("one takes and answers, the other runs", async () => {
    const api = await bench.serve([...JOBS, "--role", "api"]);
    const worker = bench.start(["worker", ...JOBS]);
    await worker.says(/meanwhile: worker on sqlite:.*, 5 job types/);
    const gate = join(bench.folder, "gate");
    await writeFile(gate, "");

    const { code, stdout } = await ask(api.url, "submit", "hold", JSON.stringify({ gate }), "--wait");

    expect(code).toBe(0);
    expect(JSON.parse(stdout).pid).toBe(worker.pid);
    worker.kill("SIGTERM");
    expect((await worker.end()).code).toBe(0);
  });

  it("a job whose worker is killed goes to another", async () => {
    const api = await bench.serve([...JOBS, "--role", "api", "--lease-ms", "300"]);
    const doomed = bench.start(["worker", ...JOBS, "--lease-ms", "300"]);
    await doomed.says(/meanwhile: worker/);
    const { id, gate } = await submitHeld(api.url);

    doomed.kill("SIGKILL");
    const heir = bench.start(["worker", ...JOBS, "--lease-ms", "300"]);
    await heir.says(/meanwhile: worker/);
    await writeFile(gate, "");
    const { code } = await ask(api.url, "watch", id);

    expect(code).toBe(0);
    expect(JSON.parse((await ask(api.url, "get", id, "--json")).stdout).result).toEqual({ attempt: 2, pid: heir.pid });
  });
});

it("the settings of the server come from a configuration file, too", async () => {
  const jobs = JSON.stringify(join(FIXTURES, "jobs", "greet.ts"));
  await writeFile(
    join(bench.folder, "meanwhile.config.ts"),
    `export default { jobs: ${jobs}, store: "sqlite:./own.db" as string };`,
  );

  const server = await bench.serve([]);

  await server.says(/"types":\["greet"\]/);
  expect((await readFile(join(bench.folder, "own.db"))).subarray(0, 6).toString()).toBe("SQLite");
});
