// The events of a message queue keep what every push channel promises.
import { describePushChannel } from "@meanwhile/channels/testkit";
import type { ConsumeMessage } from "amqplib";
import { describe } from "vitest";
import { BROKER_URL, openBroker, whyNoBroker } from "./testing/broker.js";
import { connectEvents } from "./testing/event-channels.js";
import { startHoldingProxy } from "./testing/holding-proxy.js";

describe.skipIf(whyNoBroker !== undefined)(`on a real broker${whyNoBroker ? `: ${whyNoBroker}` : ""}`, () => {
  describePushChannel("amqp", async () => {
    const broker = await openBroker();
    const [accepting, failing, silent] = ["job.completed.accepting", "job.completed.failing", "job.completed.silent"];
    const proxy = await startHoldingProxy(BROKER_URL, silent);
    const channel = await connectEvents({ url: proxy.url, prefix: broker.prefix });
    const taken = await broker.listen(accepting);
    const unanswered = await broker.listen(silent);
    await addFullQueue(broker, failing);
    const idOf = ({ event }: { event: { jobId: string; seq: number } }) => `${event.jobId}:${event.seq}`;
    const arrived = ({ properties, content }: ConsumeMessage) => ({
      id: String(properties.messageId),
      body: content.toString(),
    });
    return {
      channel,
      accepting,
      failing,
      silent,
      gone: undefined,
      forbidden: undefined,
      idOf,
      arrivals: (target) => (target === accepting ? taken : unanswered).messages.map(arrived),
      underWay: () => channel.underWay,
    };
  });
});

/** A queue that takes one message, and has it: every other one is refused. */
async function addFullQueue({ connection, names }: Awaited<ReturnType<typeof openBroker>>, key: string): Promise<void> {
  const channel = await connection.createConfirmChannel();
  const full = { exclusive: true, arguments: { "x-max-length": 1, "x-overflow": "reject-publish" } };
  const { queue } = await channel.assertQueue("", full);
  channel.sendToQueue(queue, Buffer.from("the one"));
  await channel.waitForConfirms();
  await channel.bindQueue(queue, names.events, key);
}
