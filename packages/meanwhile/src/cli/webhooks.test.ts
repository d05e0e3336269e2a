// `webhooks listen` as a real process, with a real server that delivers to it; and deliveries that are forged.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { verifyWebhook } from "@meanwhile/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createWorkbench, FIXTURES, TEST_LIMIT_MS, type Workbench } from "../../test/programs.js";

vi.setConfig({ testTimeout: TEST_LIMIT_MS });

const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/;

let bench: Workbench;
let url: string;

beforeAll(async () => {
  bench = await createWorkbench();
  ({ url } = await bench.serve(undefined, { env: { MEANWHILE_ALLOW_PRIVATE_TARGETS: "127.0.0.1" } }));
});

afterAll(async () => {
  await bench.clear();
});

const listen = async (...args: string[]) => {
  const program = bench.start(["webhooks", "listen", ...args], { env: { MEANWHILE_URL: url } });
  const [, target = ""] = await program.says(/Listening on (http:\S+)\. Submit/);
  return { ...program, target };
};

const submit = (...args: string[]) => bench.run(["submit", ...args], { env: { MEANWHILE_URL: url } });

describe("webhooks listen", () => {
  it("prints what the server delivers, and ends with 0 at Ctrl-C", async () => {
    const listener = await listen();

    const id = (await submit("greet", '{"name":"Ada"}', "--webhook", listener.target)).stdout.trim();
    const [line] = await listener.says(/\S+ +job\.completed .*/);
    const { code, stdout } = await listener.endUnder("SIGINT");

    expect(line).toMatch(/COMPLETED +\{"text":"Hello, Ada!"\} +job (\S+) +delivery (\S+)$/);
    expect(line).toContain(`job ${id}`);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(0);
  });

  it("--json prints one line of JSON, --forward hands the delivery on so that it can be verified", async () => {
    const { secret } = (await (await fetch(`${url}/api/v2/webhooks/secret`)).json()) as { secret: string };
    const verified: unknown[] = [];
    const receiver = createServer(async (request, response) => {
      verified.push(await verifyWebhook({ headers: request.headers, body: await buffer(request) }, secret));
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void receiver.close());
    const forward = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
    const listener = await listen("--json", "--forward", forward);

    await submit("greet", "--webhook", listener.target);
    const [line] = await listener.says(/\{"webhookId".*/);

    const delivery = JSON.parse(line);
    expect(delivery).toMatchObject({ webhookId: expect.stringMatching(ID), type: "job.completed" });
    expect(verified).toEqual([{ type: delivery.type, timestamp: delivery.timestamp, data: delivery.data }]);
  });

  it("refuses what is forged, and says so", async () => {
    const listener = await listen("--secret", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

    const unsigned = await fetch(listener.target, { method: "POST", body: "{}" });
    await submit("greet", "--webhook", listener.target);

    expect(unsigned.status).toBe(400);
    await listener.says(/Refused a delivery: The header webhook-id is missing/);
    await listener.says(/Refused a delivery: No signature fits/);
    expect(listener.stdout()).toBe("");
  });

  it("says which secret is missing where a standing endpoint signs", async () => {
    const listener = await listen();
    const ofEndpoint = await fetch(`${url}/api/v2/webhooks/endpoints`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: listener.target }),
    });
    const { id } = (await ofEndpoint.json()) as { id: string };

    await submit("greet");

    await listener.says(/Refused a delivery: No signature fits.* a standing endpoint has another: --secret whsec_/);
    await fetch(`${url}/api/v2/webhooks/endpoints/${id}`, { method: "DELETE" });
  });

  it.each([
    [["--forward", "nowhere"], 2, /--forward must be an address such as/],
    [["--url", "http://127.0.0.1:1"], 3, /No server answers at [\s\S]*Or name the secret yourself, with --secret/],
  ])("%j ends with %i", async (args, expected, reason) => {
    const { code, stderr } = await bench.run(["webhooks", "listen", ...args], { env: { MEANWHILE_URL: url } });

    expect(code).toBe(expected);
    expect(stderr).toMatch(reason);
  });
});

describe("a server that is being restarted", () => {
  it("watch goes on where it was", async () => {
    const other = await createWorkbench();
    onTestFinished(() => other.clear());
    const first = await other.serve();
    const port = new URL(first.url).port;
    const env = { MEANWHILE_URL: first.url };
    const id = (await other.run(["submit", "greet", "--delay-ms", "4000"], { env })).stdout.trim();
    const watching = other.start(["watch", id, "--json"], { env });
    await watching.says(/"job\.submitted"/);

    await first.endUnder("SIGKILL");
    await watching.says(/No server answers at .* Trying again …/);
    await other.serve(["--port", port, "--jobs", join(FIXTURES, "jobs", "*.ts")]);
    const { code, stdout } = await watching.end();

    const seqs = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).seq);
    expect(seqs).toEqual(seqs.map((_: number, index: number) => index + 1));
    expect(code).toBe(0);
  });
});
