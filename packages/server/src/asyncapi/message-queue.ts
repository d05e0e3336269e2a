// The message queue as the AsyncAPI document describes it: the server does not speak to it, and knows only that it is there.
import type { ChannelObject, OperationObject } from "./channels.js";
import { EVENT_MESSAGES } from "./messages.js";

/** A broker that is told every event and that jobs are taken from. */
export interface DescribedMessageQueue {
  /** Its address without user and password, such as `amqp://mq.internal:5672/vhost`. */
  readonly broker: string;
  /** What the names of its exchanges and queues begin with. */
  readonly prefix: string;
}

export interface MessageQueueParts {
  readonly servers: Readonly<Record<string, object>>;
  readonly channels: Readonly<Record<string, ChannelObject>>;
  readonly operations: Readonly<Record<string, OperationObject>>;
}

const BINDING = "0.3.0";

/** Nothing where there is none. */
export function describeMessageQueue(queue: DescribedMessageQueue | undefined): MessageQueueParts {
  if (queue === undefined) return { servers: {}, channels: {}, operations: {} };
  const { host, protocol, pathname } = new URL(queue.broker);
  const servers = [{ $ref: "#/servers/amqp" }];
  const message = (name: string) => ({ $ref: `#/components/messages/${name}` });
  const of = (channel: string, names: readonly string[]) =>
    names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
  const durable = { durable: true, autoDelete: false };
  const events = Object.keys(EVENT_MESSAGES);
  return {
    servers: {
      amqp: {
        host,
        ...(pathname === "" || pathname === "/" ? {} : { pathname }),
        protocol: protocol.slice(0, -1),
        protocolVersion: "0.9.1",
        description: "RabbitMQ. Credentials are the broker's own.",
      },
    },
    channels: {
      amqpEvents: {
        address: "{eventType}.{jobType}",
        title: "RabbitMQ: all jobs",
        description:
          "Bind a queue to the exchange. CloudEvents 1.0 in binary mode: the attributes are headers `cloudEvents_…`, the id is the job's id and the `seq`, which `message_id` repeats.",
        servers,
        parameters: {
          eventType: { description: "The type of the event, such as `job.completed`." },
          jobType: { description: "The type of the job." },
        },
        messages: Object.fromEntries(events.map((name) => [name, message(name)])),
        bindings: {
          amqp: {
            is: "routingKey",
            exchange: { name: `${queue.prefix}.events`, type: "topic", ...durable },
            bindingVersion: BINDING,
          },
        },
      },
      amqpSubmit: {
        address: `${queue.prefix}.submit`,
        title: "RabbitMQ: submitting",
        description: "`message_id` is the idempotency key; `reply_to` and `correlation_id` bring the answer back.",
        servers,
        messages: { submit: message("submit") },
        bindings: {
          amqp: {
            is: "queue",
            queue: { name: `${queue.prefix}.submit`, exclusive: false, ...durable },
            bindingVersion: BINDING,
          },
        },
      },
      amqpAnswers: {
        address: null,
        title: "RabbitMQ: the answers to submits",
        description: "The queue that `reply_to` names.",
        servers,
        messages: { job: message("job"), problem: message("problem") },
      },
    },
    operations: {
      sendAmqpEvents: {
        action: "send",
        channel: { $ref: "#/channels/amqpEvents" },
        summary: "Publishes the events of all jobs, persistent and confirmed.",
        messages: of("amqpEvents", events),
        bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion: BINDING } },
      },
      receiveAmqpSubmit: {
        action: "receive",
        channel: { $ref: "#/channels/amqpSubmit" },
        summary: "Takes a job, and acknowledges the message once it is durable.",
        messages: of("amqpSubmit", ["submit"]),
        reply: { channel: { $ref: "#/channels/amqpAnswers" }, messages: of("amqpAnswers", ["job", "problem"]) },
        bindings: { amqp: { ack: true, bindingVersion: BINDING } },
      },
    },
  };
}
