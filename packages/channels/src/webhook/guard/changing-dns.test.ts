// DNS that says one thing when it is asked first and another later, and sockets that end up elsewhere.
import { connect } from "node:net";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../../testing/receiver.js";
import { sendTo, startChannel } from "../../testing/webhook.js";
import { createGuardedConnect } from "./guarded-connect.js";
import { createTargetGuard } from "./target-guard.js";

/** Answers one after the other, the last one for ever. */
function answering(...answers: readonly string[][]) {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return answers[Math.min(asked.length, answers.length) - 1]!;
  };
  return { asked, resolve };
}

/** Two receivers on the same port: one that may be used in these tests, one that may not. */
async function startPair(): Promise<{ allowed: Receiver; inside: Receiver }> {
  const allowed = await startReceiver({ host: "127.0.0.1" });
  const inside = await startReceiver({ host: "127.0.0.2", port: allowed.port });
  return { allowed, inside };
}

describe("DNS", () => {
  it("that was public when the target was stored is judged again at connect", async () => {
    const inside = await startReceiver();
    const { resolve } = answering(["93.184.215.14"], ["127.0.0.1"]);
    const channel = startChannel({ allowPrivateTargets: [], resolve });
    const target = `http://rebind.example.com:${inside.port}/`;

    const fault = await channel.checkTarget(target);
    const sent = await sendTo(channel, target);

    expect(fault).toBeUndefined();
    expect(sent).toMatchObject({ outcome: "refused" });
    expect(inside.connectionCount).toBe(0);
  });

  it("is asked once for a connection, which goes to the address that was judged", async () => {
    const { allowed, inside } = await startPair();
    const { asked, resolve } = answering(["127.0.0.1"], ["127.0.0.2"]);
    const channel = startChannel({ resolve });

    const sent = await sendTo(channel, `http://rebind.example.com:${allowed.port}/`);

    expect(sent.outcome).toBe("accepted");
    expect(asked).toEqual(["rebind.example.com"]);
    expect(allowed.received[0]?.headers.host).toBe(`rebind.example.com:${allowed.port}`);
    expect(inside.connectionCount).toBe(0);
  });

  it("that changes between two connections changes the verdict", async () => {
    const { allowed, inside } = await startPair();
    const { resolve } = answering(["127.0.0.1"], ["127.0.0.2"]);
    const channel = startChannel({ resolve });
    const target = `http://rebind.example.com:${allowed.port}/`;

    await sendTo(channel, target);
    await allowed.close();
    const sent = await until(
      async () => {
        const next = await sendTo(channel, target);
        return next.outcome === "refused" && next;
      },
      { what: "a new connection is judged" },
    );

    expect(sent).toMatchObject({ outcome: "refused" });
    expect(inside.connectionCount).toBe(0);
  });

  it("that does not know a name yet is no reason to refuse the target", async () => {
    const channel = startChannel({ resolve: () => Promise.reject(new Error("ENOTFOUND")) });

    expect(await channel.checkTarget("https://soon.example.com/")).toBeUndefined();
  });

  it("that takes long does not hold up who stores a target", async () => {
    const clock = new ManualClock();
    const channel = startChannel({ clock, resolve: () => new Promise(() => {}) });

    const checking = channel.checkTarget("https://slow.example.com/");
    clock.advance(2_000);

    expect(await checking).toBeUndefined();
  });

  it("is asked once for a burst of the same name", async () => {
    const clock = new ManualClock();
    const { asked, resolve } = answering(["93.184.215.14"]);
    const channel = startChannel({ clock, resolve });
    const check = () => channel.checkTarget("https://busy.example.com/");

    await Promise.all(Array.from({ length: 100 }, check));
    expect(asked).toHaveLength(1);

    clock.advance(5_000);
    await check();
    expect(asked).toHaveLength(2);
  });
});

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("%i to somewhere inside is not followed", async (code) => {
    const { allowed, inside } = await startPair();
    allowed.answer((response) => void response.writeHead(code, { location: `${inside.url}/` }).end());

    expect(await sendTo(startChannel(), allowed.url)).toMatchObject({ outcome: "failed", statusCode: code });
    expect(inside.connectionCount).toBe(0);
  });
});

describe("a socket", () => {
  it("that ended up elsewhere than at the address that was judged carries no byte", async () => {
    const { allowed, inside } = await startPair();
    const guard = createTargetGuard({
      allowPrivateTargets: ["127.0.0.1"],
      requireHttps: false,
      resolve: async () => [],
    });
    const { connect: connectGuarded } = createGuardedConnect({
      guard,
      clock: new ManualClock(),
      withinMs: 1_000,
      openSocket: () => connect({ host: "127.0.0.2", port: inside.port }),
    });

    const error = await new Promise<Error | null>((resolve) => {
      const wanted = { hostname: "127.0.0.1", host: `127.0.0.1:${allowed.port}`, protocol: "http:" };
      connectGuarded({ ...wanted, port: String(allowed.port) }, (...[failure]) => resolve(failure));
    });

    expect(error).toMatchObject({ name: "RefusedTarget" });
    await until(() => inside.openConnections === 0, { what: "the socket is closed" });
    expect(inside.received).toEqual([]);
  });
});
