// The message queue of a program: loaded where one is configured; all others start faster without it.
import type { AmqpOptions, ResolvedAmqpOptions } from "@meanwhile/channel-amqp";
import { type Logger, type PushChannel, type Service, systemClock } from "@meanwhile/core";

export interface MeanwhileAmqpOptions extends AmqpOptions {
  /** Whether this process takes submits from the queue. Default: true. */
  submits?: boolean;
}

/** What the server tells about the queue, to whoever reads its description. */
export interface AmqpDescription {
  /** Without user and password. */
  readonly broker: string;
  readonly prefix: string;
}

export interface OpenedAmqp {
  readonly channel: PushChannel;
  readonly description: AmqpDescription;
  /** Begins to take submits; once, with the service that was made with the channel. */
  take(service: Service): { stop(): Promise<void> };
}

/** Connects to nothing yet. @throws ConfigurationError naming the option that is wrong. */
export async function openAmqp(
  { submits = true, ...given }: MeanwhileAmqpOptions,
  { logger, linkBase }: { logger: Logger; linkBase: string },
): Promise<OpenedAmqp> {
  const amqp = await import("@meanwhile/channel-amqp");
  const options: ResolvedAmqpOptions = amqp.resolveAmqpOptions(given);
  const parts = { clock: systemClock, random: Math.random, logger, linkBase };
  return {
    channel: amqp.createEventChannel(parts, options),
    description: { broker: amqp.shownBroker(options.url), prefix: options.prefix },
    take({ engine, ids }) {
      if (!submits) return { stop: async () => {} };
      const consumer = amqp.createSubmitConsumer({ ...parts, engine, ids }, options);
      consumer.start();
      return consumer;
    },
  };
}
