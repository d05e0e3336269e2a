// A real broker, and names on it that are the test's own and gone behind it.
import { randomUUID } from "node:crypto";
import { systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { type ChannelModel, type ConsumeMessage, connect, type Options } from "amqplib";
import { onTestFinished } from "vitest";
import { checkBroker } from "../check-broker.js";
import { endConnection } from "../connect.js";
import { type Names, namesOf } from "../names.js";
import { resolveAmqpOptions } from "../options.js";

/** The machine's own broker, unless it is said otherwise. */
export const BROKER_URL = process.env.MEANWHILE_TEST_AMQP_URL ?? "amqp://guest:guest@127.0.0.1:5672";

const answer = await checkBroker(resolveAmqpOptions({ url: BROKER_URL }));

/** Why tests that need a broker are skipped; never where everything must be checked. */
export const whyNoBroker =
  "fault" in answer && process.env.CI !== "true" ? `no broker answers at ${BROKER_URL}: ${answer.fault}` : undefined;

export interface TestBroker {
  readonly prefix: string;
  readonly names: Names;
  /** A connection as anybody would open it. */
  readonly connection: ChannelModel;
  /** A queue bound to the events, read from now on. */
  listen(pattern?: string, options?: Options.AssertQueue): Promise<Listener>;
  /** A queue that is there already. */
  read(queue: string): Promise<Listener>;
  send(queue: string, body: unknown, options?: Options.Publish): Promise<void>;
}

export interface Listener {
  readonly queue: string;
  /** Oldest first; each is acknowledged. */
  readonly messages: readonly ConsumeMessage[];
  count(count: number): Promise<readonly ConsumeMessage[]>;
}

/** Everything whose name begins with the prefix is deleted when the test is over. */
export async function openBroker(url: string = BROKER_URL): Promise<TestBroker> {
  const prefix = `test-${randomUUID()}`;
  const names = namesOf(prefix);
  const connection = await connect(url);
  connection.on("error", () => {});
  onTestFinished(async () => {
    await deleteAll(url, names);
    await endConnection(connection, systemClock);
  });

  const read = async (queue: string): Promise<Listener> => {
    const messages: ConsumeMessage[] = [];
    const channel = await connection.createChannel();
    await channel.consume(queue, (message) => {
      if (message === null) return;
      messages.push(message);
      channel.ack(message);
    });
    return {
      queue,
      messages,
      async count(count) {
        await until(() => messages.length >= count, { what: `${count} messages in ${queue}, of which came` });
        return messages;
      },
    };
  };

  return {
    prefix,
    names,
    connection,
    read,
    async listen(pattern = "#", options = { exclusive: true, autoDelete: true }) {
      const channel = await connection.createChannel();
      await channel.assertExchange(names.events, "topic", { durable: true });
      const { queue } = await channel.assertQueue("", options);
      await channel.bindQueue(queue, names.events, pattern);
      return read(queue);
    },
    async send(queue, body, options = {}) {
      const channel = await connection.createConfirmChannel();
      const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      channel.sendToQueue(queue, content, { contentType: "application/json", persistent: true, ...options });
      await channel.waitForConfirms();
      await channel.close();
    },
  };
}

async function deleteAll(url: string, { events, dead, submit, submitDead }: Names): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const exchange of [events, dead]) await channel.deleteExchange(exchange);
  for (const queue of [submit, submitDead]) await channel.deleteQueue(queue);
  await connection.close();
}
