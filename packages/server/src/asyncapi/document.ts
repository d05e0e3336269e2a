// The AsyncAPI 3.0 document: what travels over the channels on which the server speaks without being asked each time.
import type { Catalog } from "@meanwhile/core";
import { JOB_SCHEMAS } from "../openapi/job-schemas.js";
import { PROBLEM_SCHEMA, requestSchemas } from "../openapi/request-schemas.js";
import { WEBHOOK_SCHEMAS } from "../openapi/webhook-schemas.js";
import type { JsonSchema, Route } from "../route.js";
import { type ChannelObject, channelRows, type OperationObject, operations } from "./channels.js";
import { eventSchemas } from "./event-schemas.js";
import { type DescribedMessageQueue, describeMessageQueue } from "./message-queue.js";
import {
  EVENT_MESSAGES,
  JOB_MESSAGES,
  type MessageObject,
  SOCKET_ANSWERS,
  socketCommands,
  WEBHOOK_MESSAGES,
} from "./messages.js";

export interface AsyncApiDocument {
  readonly asyncapi: "3.0.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: Readonly<Record<string, object>>;
  readonly channels: Readonly<Record<string, ChannelObject>>;
  readonly operations: Readonly<Record<string, OperationObject>>;
  readonly components: {
    readonly messages: Readonly<Record<string, MessageObject>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

export interface AsyncApiParts {
  /** Only channels whose routes are among them are described. */
  readonly routes: readonly Route[];
  readonly catalog: Catalog;
  /** Where readers reach this server: a host with its port, or a URL. */
  readonly address: string;
  /** One that stands beside the server. */
  readonly messageQueue: DescribedMessageQueue | undefined;
}

export function asyncApiDocument({ routes, catalog, address, messageQueue }: AsyncApiParts): AsyncApiDocument {
  const schemas = allSchemas(catalog);
  const commands = socketCommands(schemas.SubmitJob!);
  const paths = new Set(routes.map(({ path }) => path));
  const rows = Object.entries(channelRows(commands)).filter(([, { path }]) => path === null || paths.has(path));
  const queue = describeMessageQueue(messageQueue);
  const channels = {
    ...Object.fromEntries(rows.map(([name, { path: _, ...channel }]) => [name, channel])),
    ...queue.channels,
  };
  const acting = Object.entries(operations(Object.keys(commands))).filter(([, { channel }]) =>
    Object.hasOwn(channels, channel.$ref.slice("#/channels/".length)),
  );
  const messages = { ...EVENT_MESSAGES, ...commands, ...SOCKET_ANSWERS, ...JOB_MESSAGES, ...WEBHOOK_MESSAGES };
  const used = reachable(channels, { messages, schemas });
  return {
    asyncapi: "3.0.0",
    info: {
      title: "meanwhile",
      version: "2",
      description:
        "How the events of jobs reach whoever waits for them, and how jobs are submitted over connections that stay open. Every channel tells the same events: `jobId` and `seq` name each for ever, and the last `seq` continues on any other channel. Requests with one answer are described in /openapi.json, gRPC by its own reflection.",
      ...{ license: { name: "MIT", url: "https://opensource.org/license/mit" } },
    },
    servers: { ...servers(address), ...queue.servers },
    channels,
    operations: { ...Object.fromEntries(acting), ...queue.operations },
    components: { ...used, securitySchemes: SECURITY_SCHEMES },
  };
}

const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "An API key (`mw_…`) or a JSON Web Token." },
  ticket: {
    type: "httpApiKey",
    in: "query",
    name: "ticket",
    description: "For browsers, which can send no header: reads one job, or the stream of all jobs, for a while.",
  },
};

function servers(address: string): Record<string, object> {
  const { host, protocol, pathname } = new URL(/^https?:/.test(address) ? address : `http://${address}`);
  const isSecure = protocol === "https:";
  const security = Object.keys(SECURITY_SCHEMES).map((name) => ({ $ref: `#/components/securitySchemes/${name}` }));
  const place = { host, ...(pathname === "/" ? {} : { pathname }), security };
  return {
    http: { ...place, protocol: isSecure ? "https" : "http", description: "Server-sent events." },
    ws: { ...place, protocol: isSecure ? "wss" : "ws", description: "WebSocket." },
    stomp: {
      ...place,
      pathname: `${pathname === "/" ? "" : pathname}/websocket`,
      protocol: "stomp",
      protocolVersion: "1.2",
      description: "STOMP 1.2, 1.1 and 1.0 over WebSocket, as subprotocols `v12.stomp`, `v11.stomp` and `v10.stomp`.",
    },
    receiver: {
      host: "{receiver}",
      protocol: "https",
      description: "Whoever wants to be called.",
      variables: {
        receiver: { description: "The host of the address that was given.", default: "receiver.example.com" },
      },
    },
  };
}

function allSchemas(catalog: Catalog): Readonly<Record<string, JsonSchema>> {
  const job = JOB_SCHEMAS.Job as { properties: Readonly<Record<string, JsonSchema>> };
  const resultUrl = { type: "string", description: "Where a result above 256 KiB is; `result` is null then." };
  return {
    ...JOB_SCHEMAS,
    ...WEBHOOK_SCHEMAS,
    ...requestSchemas(catalog),
    ...eventSchemas(),
    PushedJob: { ...JOB_SCHEMAS.Job, properties: { ...job.properties, resultUrl } },
    Problem: PROBLEM_SCHEMA,
  };
}

type Components = Pick<AsyncApiDocument["components"], "messages" | "schemas">;

/** The components that the channels need, those included that others of them need. */
function reachable(channels: object, all: Components): Components {
  const messages: Record<string, MessageObject> = {};
  const schemas: Record<string, JsonSchema> = {};
  const visit = (from: object): void => {
    for (const [, kind, name] of JSON.stringify(from).matchAll(/"#\/components\/(messages|schemas)\/([^"/]+)/g)) {
      const [found, known] = kind === "messages" ? [messages, all.messages] : [schemas, all.schemas];
      if (name === undefined || Object.hasOwn(found, name) || known[name] === undefined) continue;
      Object.assign(found, { [name]: known[name] });
      visit(known[name]);
    }
  };
  visit(channels);
  return { messages, schemas };
}
