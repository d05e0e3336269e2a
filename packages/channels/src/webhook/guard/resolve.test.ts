// Looking up names where DNS does not answer.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createDnsResolver } from "./resolve.js";

const A = 1;

/** Knows the IPv4 address of every name that begins with `quick`, says that `none…` has no address, and answers nothing else. */
async function startDns(): Promise<string> {
  const server = createSocket("udp4");
  server.on("message", (query, { port, address }) => {
    const name = query.subarray(13, 13 + query[12]!).toString();
    const questionEnd = query.indexOf(0, 12) + 5;
    const question = query.subarray(12, questionEnd);
    const isKnown = name.startsWith("quick");
    if (!isKnown && !name.startsWith("none")) return;
    const answers = isKnown && question.readUInt16BE(question.length - 4) === A ? [ANSWER] : [];
    const head = Buffer.from([query[0]!, query[1]!, 0x81, isKnown ? 0x80 : 0x83, 0, 1, 0, answers.length, 0, 0, 0, 0]);
    server.send(Buffer.concat([head, question, ...answers]), port, address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The name of the question, A, IN, no time to live, 93.184.215.14. */
const ANSWER = Buffer.from([0xc0, 0x0c, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, 93, 184, 215, 14]);

it("names that hang hold up no others", async () => {
  const resolve = createDnsResolver({ servers: [await startDns()] });
  const hanging = Array.from({ length: 50 }, (_, count) => resolve(`hang${count}.example.com`).catch(() => "away"));

  const first = await Promise.race([resolve("quick.example.com"), ...hanging]);

  expect(first).toEqual(["93.184.215.14"]);
});

it("a name that is not there is told from one about which nobody answers", async () => {
  const resolve = createDnsResolver({ servers: [await startDns()] });
  const nobody = createDnsResolver({ servers: ["127.0.0.1:9"] });

  await expect(resolve("none.example.com")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(nobody("quick.example.com")).rejects.toMatchObject({ code: "EAI_AGAIN" });
});
