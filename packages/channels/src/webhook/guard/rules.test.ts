// What counts as public, what a target may look like, and what the list of exceptions understands.
import { ConfigurationError } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { startReceiver } from "../../testing/receiver.js";
import { sendTo, startChannel } from "../../testing/webhook.js";
import { createWebhookChannel } from "../webhook-channel.js";
import { isGloballyReachable, parseAddress } from "./address-rules.js";
import { parseExceptions } from "./exceptions.js";
import { createTargetGuard } from "./target-guard.js";

const isPublic = (text: string) => isGloballyReachable(parseAddress(text)!);

describe("an address", () => {
  it.each([
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "223.255.255.255",
  ])("%s is public", (text) => expect(isPublic(text)).toBe(true));

  it.each([
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "2a00:1450:4001:81b::200e",
    "2001:4860:4860::8888",
    "2620:fe::fe",
  ])("%s is public", (text) => expect(isPublic(text)).toBe(true));

  // IANA's registries of special-purpose addresses, one or more of each row that is not globally reachable.
  it.each([
    ...["0.1.2.3", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.53", "169.254.0.1", "172.31.255.255"],
    ...["192.0.0.1", "192.0.0.170", "192.0.2.255", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.255.255"],
    ...[
      "192.175.48.1",
      "198.19.255.255",
      "198.51.100.1",
      "203.0.113.1",
      "239.255.255.255",
      "240.0.0.1",
      "255.255.255.255",
    ],
    ...["::", "::1", "::2", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "100:0:0:1::1"],
    ...["2001::1", "2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:30::1", "2001:db8:ffff::1", "2002::1"],
    ...[
      "3fff::1",
      "3fff:fff::1",
      "5f00::1",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "febf::1",
      "fec0::1",
      "ff0e::1",
      "8000::1",
    ],
  ])("%s is not", (text) => {
    expect(isPublic(text)).toBe(false);
  });

  it("of this machine is not public, whatever it looks like", async () => {
    const guard = createTargetGuard({
      allowPrivateTargets: [],
      requireHttps: false,
      resolve: async () => ["93.184.215.14"],
      ownAddresses: () => ["93.184.215.14", "fe80::1%eth0"],
    });

    expect(await guard.findFault("http://93.184.215.14/")).toMatch(/not a public one/);
    expect(await guard.findFault("http://my-own-name.example.com/")).toMatch(/not a public one/);
    expect(await guard.findFault("http://93.184.215.15/")).toBeUndefined();
  });
});

describe("a target", () => {
  const channel = createWebhookChannel({ resolve: async () => ["93.184.215.14"] });
  const strict = createWebhookChannel({ requireHttpsTargets: true, resolve: async () => ["93.184.215.14"] });

  it.each([
    "https://example.com",
    "http://example.com:8080/hooks?x=1#y",
    "https://EXAMPLE.com./",
    "https://bücher.example.com/ü",
    "https://93.184.215.14/",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
  ])("%s may be used", async (target) => {
    expect(await channel.checkTarget(target)).toBeUndefined();
  });

  it("must be https where the server says so, when it is stored and when it is sent to", async () => {
    expect(await strict.checkTarget("https://example.com/")).toBeUndefined();
    expect(await strict.checkTarget("http://example.com/")).toBe(
      "The address must begin with https:// on this server.",
    );
    expect(await sendTo(strict, "http://example.com/")).toMatchObject({ outcome: "refused" });
  });

  it.each([
    [
      "http://user@example.com/",
      "The address must not hold a user or a password. Check the signature of what arrives instead.",
    ],
    ["ftp://example.com/", "The address must begin with https:// or http://."],
    ["example.com", 'This is no address such as "https://example.com/hooks".'],
    ["https://example.com/a b", "The address holds a space, a control character or a backslash."],
    ["https://localhost/", expect.stringContaining("MEANWHILE_ALLOW_PRIVATE_TARGETS")],
  ])("%s is told what is wrong with it", async (target, fault) => {
    const none = createWebhookChannel({ resolve: () => Promise.reject(new Error("unknown")) });

    expect(await none.checkTarget(target)).toEqual(fault);
  });
});

describe("allowPrivateTargets", () => {
  const matches = (entries: string[], address: string) => parseExceptions(entries).hasAddress(parseAddress(address)!);

  it.each([
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["10.0.0.0/8", "10.200.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["0.0.0.0/0", "::1", false],
    ["::1", "::1", true],
    ["[::1]", "::1", true],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["127.0.0.1", "::ffff:127.0.0.1", false],
  ])("%s holds %s: %j", (entry, address, expected) => {
    expect(matches([entry], address)).toBe(expected);
  });

  it.each([
    "",
    " ",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/255.0.0.0",
    "http://localhost",
    "localhost:3000",
    "*.example.com",
    "127.1",
    "0x7f000001",
    "a..b",
  ])("%j is neither a host nor an address nor a network", (entry) => {
    expect(() => createWebhookChannel({ allowPrivateTargets: [entry] })).toThrow(ConfigurationError);
    expect(() => createWebhookChannel({ allowPrivateTargets: [entry] })).toThrow(JSON.stringify(entry));
  });

  it("opens a host by its name, with all of its addresses and in any spelling", async () => {
    const receiver = await startReceiver();
    const resolve = async () => ["127.0.0.1"];
    const channel = startChannel({ allowPrivateTargets: ["Receiver.internal"], resolve });

    const sent = await sendTo(channel, `http://RECEIVER.internal.:${receiver.port}/`);

    expect(sent).toMatchObject({ outcome: "accepted" });
    expect(await channel.checkTarget("http://other.internal/")).toMatch(/not a public one/);
    expect(await channel.checkTarget("http://127.0.0.1/")).toMatch(/not a public one/);
  });

  it("opens localhost by its addresses, where all of them are listed", async () => {
    const resolve = async () => ["127.0.0.1", "::1"];
    const both = startChannel({ allowPrivateTargets: ["127.0.0.0/8", "::1"], resolve });
    const one = startChannel({ allowPrivateTargets: ["127.0.0.0/8"], resolve });

    expect(await both.checkTarget("http://localhost:3000/")).toBeUndefined();
    expect(await one.checkTarget("http://localhost:3000/")).toMatch(/not a public one/);
  });
});
