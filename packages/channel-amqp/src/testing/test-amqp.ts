// A whole service with its message queue, on the memory store and a real broker.
import {
  type AnyJobDefinition,
  createMemoryStore,
  createService,
  type FileBytes,
  type Logger,
  type Service,
  type Store,
  systemClock,
} from "@meanwhile/core";
import { onTestFinished } from "vitest";
import { createEventChannel, type EventChannel } from "../event-channel.js";
import { type AmqpOptions, resolveAmqpOptions } from "../options.js";
import { createSubmitConsumer, type SubmitConsumer } from "../submit-consumer.js";
import { BROKER_URL } from "./broker.js";

export interface TestAmqp {
  readonly service: Service;
  readonly events: EventChannel;
  readonly submits: SubmitConsumer;
  readonly logged: readonly { readonly level: string; readonly message: string; readonly fields: object }[];
}

export interface TestAmqpOptions extends Partial<AmqpOptions> {
  readonly jobs: readonly AnyJobDefinition[];
  readonly prefix: string;
  readonly store?: Store;
  readonly linkBase?: string;
}

/** Started; stopped when the test is over. */
export async function startAmqp({ jobs, store, linkBase = "", ...given }: TestAmqpOptions): Promise<TestAmqp> {
  const options = resolveAmqpOptions({ url: BROKER_URL, reconnectMs: 20, reconnectMaxMs: 200, ...given });
  const logged: { level: string; message: string; fields: object }[] = [];
  const logger = collect(logged);
  const parts = { clock: systemClock, random: Math.random, logger, linkBase };
  const events = createEventChannel(parts, options);
  const service = createService(
    {
      store: store ?? createMemoryStore({ clock: systemClock }),
      jobs,
      fileBytes: noFileBytes,
      logger,
      pushChannels: [events],
    },
    { linkBase },
  );
  const submits = createSubmitConsumer({ ...parts, engine: service.engine, ids: service.ids }, options);
  await service.start();
  submits.start();
  onTestFinished(async () => {
    await submits.stop();
    await service.stop({ graceMs: 0 });
  });
  return { service, events, submits, logged };
}

function collect(into: { level: string; message: string; fields: object }[]): Logger {
  const at = (level: string) => (fields: object, message: string) => void into.push({ level, message, fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const noFileBytes = { sweep: async () => 0 } as unknown as FileBytes;
