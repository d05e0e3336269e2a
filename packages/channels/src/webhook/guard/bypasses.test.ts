// The ways around a guard against private targets that are known: none of them reaches a listener on this machine.
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendTo } from "../../testing/webhook.js";
import { createWebhookChannel } from "../webhook-channel.js";

/** On every address of this machine. */
let listener: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  listener = createServer((socket) => {
    connections++;
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });
  port = await listen("::").catch(() => listen("0.0.0.0"));
});

afterAll(() => void listener.close());

function listen(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host, port: 0 }, () => resolve((listener.address() as { port: number }).port));
  });
}

/** What DNS says in these tests. Aliases are followed by whoever resolves: what comes here are their ends. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "loopback.example.com": ["127.0.0.1"],
  "127.0.0.1.nip.io": ["127.0.0.1"],
  "alias-of-an-alias.example.com": ["10.1.2.3"],
  "mixed.example.com": ["93.184.215.14", "127.0.0.1"],
  "mixed-families.example.com": ["93.184.215.14", "::1"],
  "mapped.example.com": ["::ffff:127.0.0.1"],
  "nat64.example.com": ["64:ff9b::7f00:1"],
  "zone.example.com": ["fe80::1%lo"],
  "unspecified.example.com": ["0.0.0.0"],
  "nonsense.example.com": ["not an address"],
  "metadata.google.internal": ["169.254.169.254"],
  "public.internal": ["93.184.215.14"],
  localhost: ["127.0.0.1", "::1"],
  "anything.localhost": ["93.184.215.14"],
  db: ["93.184.215.14"],
};

function notFound(name: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
}

const channel = createWebhookChannel({
  resolve: async (name) => {
    const addresses = NAMES[name];
    if (addresses === undefined) throw notFound(name);
    return addresses;
  },
});
afterAll(() => channel.close());

/** Everything that leads, or could lead, inside. PORT stands for the listener's. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  "plain addresses": [
    "http://127.0.0.1:PORT/",
    "http://[::1]:PORT/",
    "http://0.0.0.0:PORT/",
    "http://127.255.255.254:PORT/",
  ],
  "numbers that are addresses": [
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0X7F.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://0177.0.0.01:PORT/",
    "http://0x7f.0.0.0x1:PORT/",
    "http://127.0x0.01:PORT/",
    "http://3232235521:PORT/",
  ],
  "short forms": ["http://127.1:PORT/", "http://127.0.1:PORT/", "http://0:PORT/", "http://10.1:PORT/"],
  "addresses that stand for IPv4": [
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:0:127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[64:ff9b:1::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[2001:0:7f00:1::]:PORT/",
    "http://[::ffff:93.184.215.14]:PORT/",
  ],
  "other networks inside": [
    "http://10.0.0.1:PORT/",
    "http://172.16.0.1:PORT/",
    "http://192.168.1.1:PORT/",
    "http://100.64.0.1:PORT/",
    "http://198.18.0.1:PORT/",
    "http://192.0.2.1:PORT/",
    "http://224.0.0.1:PORT/",
    "http://255.255.255.255:PORT/",
    "http://[fe80::1]:PORT/",
    "http://[fc00::1]:PORT/",
    "http://[fec0::1]:PORT/",
    "http://[ff02::1]:PORT/",
    "http://[::]:PORT/",
    "http://[2001:db8::1]:PORT/",
    "http://[4000::1]:PORT/",
  ],
  "cloud metadata": [
    "http://169.254.169.254:PORT/latest/meta-data/",
    "http://169.254.169.254.:PORT/",
    "http://0xA9FEA9FE:PORT/",
    "http://2852039166:PORT/",
    "http://0251.0376.0251.0376:PORT/",
    "http://[::ffff:169.254.169.254]:PORT/",
    "http://[fd00:ec2::254]:PORT/",
    "http://169.254.170.2:PORT/v2/credentials",
    "http://100.100.100.200:PORT/",
    "http://168.63.129.16:PORT/",
    "http://192.0.0.192:PORT/",
    "http://metadata.google.internal:PORT/computeMetadata/v1/",
  ],
  "letters that are digits to Unicode": [
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://１２７.０.０.１:PORT/",
    "http://127。0。0。1:PORT/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/",
    "http://lo\u00adcalhost:PORT/",
    "http://127.0.0.1\u200b:PORT/",
  ],
  "dots, cases and escapes": [
    "http://127.0.0.1.:PORT/",
    "http://LOCALHOST:PORT/",
    "http://LocalHost.:PORT/",
    "http://localhost..:PORT/",
    "HTTP://%6c%6f%63%61%6c%68%6f%73%74:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
  ],
  "users, paths and fragments that look like hosts": [
    "http://example.com@127.0.0.1:PORT/",
    "http://example.com:80@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/?http://example.com/",
    "http://127.0.0.1:PORT#@example.com/",
    "http://user:password@example.com/",
  ],
  "what parsers read differently": [
    "http://example.com\\@127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT\\",
    "http:127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "//127.0.0.1:PORT/",
    "http://127.0.0.1\t:PORT/",
    "http://127.0.\n0.1:PORT/",
    " http://127.0.0.1:PORT/",
    "http://127.0.0.1 :PORT/",
    "http://example.com%00@127.0.0.1:PORT/",
    "http://127.0.0.1%00.example.com:PORT/",
    "http://example.com\r\nhost: 127.0.0.1:PORT/",
  ],
  "names that are inside": [
    "http://localhost:PORT/",
    "http://anything.localhost:PORT/",
    "http://public.internal:PORT/",
    "http://unheard-of.internal:PORT/",
    "http://printer.local:PORT/",
    "http://router.home.arpa:PORT/",
    "http://db:PORT/",
  ],
  "names that lead inside": [
    "http://loopback.example.com:PORT/",
    "http://LOOPBACK.example.com.:PORT/",
    "http://127.0.0.1.nip.io:PORT/",
    "http://alias-of-an-alias.example.com:PORT/",
    "http://mixed.example.com:PORT/",
    "http://mixed-families.example.com:PORT/",
    "http://mapped.example.com:PORT/",
    "http://nat64.example.com:PORT/",
    "http://zone.example.com:PORT/",
    "http://unspecified.example.com:PORT/",
    "http://nonsense.example.com:PORT/",
  ],
  "other schemes": [
    "file:///etc/passwd",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_x",
    "ws://127.0.0.1:PORT/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "unix:/var/run/docker.sock",
    "",
    "example.com/hooks",
    `https://example.com/${"x".repeat(3_000)}`,
  ],
};

const ROWS = Object.entries(FORMS).flatMap(([family, forms]) => forms.map((form) => [family, form] as const));

describe("a target that leads inside", () => {
  it.each(ROWS)("%s: %j is refused when it is stored and when it is sent to", async (_family, form) => {
    const target = form.replace("PORT", String(port));

    const fault = await channel.checkTarget(target);
    const sent = await sendTo(channel, target);

    expect(fault).toMatch(/^[A-Z].*\.$/);
    expect(sent).toMatchObject({ outcome: "refused", statusCode: null, responseHead: null });
    expect(connections, "connections that reached the listener").toBe(0);
  });

  it("is counted more than forty times here", () => {
    expect(ROWS.length).toBeGreaterThan(40);
  });

  it("is told nothing about the network behind", async () => {
    expect(await channel.checkTarget("http://alias-of-an-alias.example.com/")).not.toContain("10.1.2.3");
  });

  it("is reached where it is listed, so the listener does listen", async () => {
    const open = createWebhookChannel({ allowPrivateTargets: ["127.0.0.0/8"] });

    expect(await sendTo(open, `http://2130706433:${port}/`)).toMatchObject({ outcome: "accepted" });
    expect(connections).toBe(1);

    await open.close();
    connections = 0;
  });
});
