// Declares what is not there yet. What is there is taken as it is: an operator may have made it otherwise, or allow no declaring.
import type { Channel, ChannelModel, Options } from "amqplib";
import type { Names } from "./names.js";

export async function declareEvents(connection: ChannelModel, { events }: Names): Promise<void> {
  await ensureExchange(connection, events, "topic");
}

/** @param options.deliveryLimit After so many deliveries the broker itself puts a submit aside. */
export async function declareSubmits(
  connection: ChannelModel,
  { submit, dead, submitDead }: Names,
  { deliveryLimit }: { deliveryLimit: number },
): Promise<void> {
  await ensureExchange(connection, dead, "direct");
  await ensureQueue(connection, submitDead, { arguments: { "x-queue-type": "quorum" } });
  await withChannel(connection, (channel) => channel.bindQueue(submitDead, dead, submit));
  await ensureQueue(connection, submit, {
    arguments: {
      "x-queue-type": "quorum",
      "x-delivery-limit": deliveryLimit,
      "x-dead-letter-exchange": dead,
      // Whatever key a message came in with.
      "x-dead-letter-routing-key": submit,
      // Confirmed on its way to the dead ones, too; that needs the queue to refuse rather than to drop.
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    },
  });
}

function ensureExchange(connection: ChannelModel, name: string, type: "topic" | "direct"): Promise<void> {
  return ensure(connection, {
    check: (channel) => channel.checkExchange(name),
    declare: (channel) => channel.assertExchange(name, type, { durable: true }),
  });
}

function ensureQueue(connection: ChannelModel, name: string, options: Options.AssertQueue): Promise<void> {
  return ensure(connection, {
    check: (channel) => channel.checkQueue(name),
    declare: (channel) => channel.assertQueue(name, { durable: true, ...options }),
  });
}

interface Ensuring {
  check(channel: Channel): Promise<unknown>;
  declare(channel: Channel): Promise<unknown>;
}

const NOT_FOUND = 404;

async function ensure(connection: ChannelModel, { check, declare }: Ensuring): Promise<void> {
  try {
    await withChannel(connection, check);
  } catch (error) {
    if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
    await withChannel(connection, declare);
  }
}

/** A refusal closes the channel that it is told on: each question has one of its own. */
export async function withChannel<T>(connection: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await connection.createChannel();
  // The refusal itself rejects `work`.
  channel.on("error", () => {});
  const result = await work(channel);
  await channel.close();
  return result;
}
