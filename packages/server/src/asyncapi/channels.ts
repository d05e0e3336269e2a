// The asynchronous channels and what happens on them, seen from the server: it receives commands and sends events.
import { EVENT_MESSAGES, type MessageObject, SOCKET_ANSWERS } from "./messages.js";

type Reference = { readonly $ref: string };

export interface ChannelObject {
  /** `null`: known only when it is used. */
  readonly address: string | null;
  readonly title: string;
  readonly description: string;
  readonly servers: readonly Reference[];
  readonly messages: Readonly<Record<string, Reference>>;
  readonly parameters?: Readonly<Record<string, { readonly description: string }>>;
  readonly bindings?: object;
}

export interface OperationObject {
  readonly action: "send" | "receive";
  readonly channel: Reference;
  readonly summary: string;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
  readonly bindings?: object;
}

export interface ChannelRow extends ChannelObject {
  /** The route that serves it; a channel whose route is not there is not described. */
  readonly path: string | null;
}

const to = (kind: string, name: string): Reference => ({ $ref: `#/${kind}/${name.replaceAll("/", "~1")}` });
const on = (...names: readonly string[]) => names.map((name) => to("servers", name));

function messages(...groups: readonly Readonly<Record<string, MessageObject>>[]): Record<string, Reference> {
  const names = groups.flatMap((group) => Object.keys(group));
  return Object.fromEntries(names.map((name) => [name, to("components/messages", name)]));
}

const EVENTS = Object.keys(EVENT_MESSAGES);
const JOB_ID = { jobId: { description: "The id of a job." } };

export function channelRows(commands: Readonly<Record<string, MessageObject>>): Readonly<Record<string, ChannelRow>> {
  const events = messages(EVENT_MESSAGES);
  const answers = { job: to("components/messages", "job"), problem: to("components/messages", "problem") };
  return {
    jobEvents: {
      path: "/api/v2/jobs/{id}/events",
      address: "/api/v2/jobs/{jobId}/events",
      title: "One job, as server-sent events",
      description:
        "GET with `Accept: text/event-stream`. Each message stands in `data`, its `seq` in `id`, its type in `event`. `Last-Event-ID` or `after` resumes; the stream ends after the terminal event.",
      servers: on("http"),
      parameters: JOB_ID,
      messages: events,
    },
    allEvents: {
      path: "/api/v2/events",
      address: "/api/v2/events",
      title: "All jobs, as server-sent events",
      description:
        "GET with `Accept: text/event-stream`: everything that the caller may see, from now on or from behind an opaque cursor, which stands in `id`. Beside these messages `position` tells how far the stream is, and `reset` that events behind the cursor are gone.",
      servers: on("http"),
      messages: events,
    },
    webSocket: {
      path: "/websocket",
      address: "/websocket",
      title: "WebSocket, subprotocol meanwhile.v2",
      description: "One JSON object per message. Submits, follows and cancels many jobs over one connection.",
      servers: on("ws"),
      messages: messages(commands, SOCKET_ANSWERS),
      bindings: {
        ws: {
          method: "GET",
          query: {
            type: "object",
            properties: { ticket: { type: "string", description: "In the place of a header." } },
          },
          bindingVersion: "0.1.0",
        },
      },
    },
    stompSubmit: {
      path: "/websocket",
      address: "/app/jobs/submit",
      title: "STOMP: submitting",
      description: "SEND with the headers `idempotency-key` and `correlation-id`, both optional.",
      servers: on("stomp"),
      messages: { submit: to("components/messages", "submit") },
    },
    stompAnswers: {
      path: "/websocket",
      address: "/user/queue/jobs",
      title: "STOMP: the answers to one's own submits",
      description: "SUBSCRIBE before you send. The header `correlation-id` says which submit is answered.",
      servers: on("stomp"),
      messages: answers,
    },
    stompJobEvents: {
      path: "/websocket",
      address: "/topic/jobs/{jobId}",
      title: "STOMP: one job",
      description: "SUBSCRIBE with the header `after` to resume. `message-id` is the job's id and the `seq`.",
      servers: on("stomp"),
      parameters: JOB_ID,
      messages: events,
    },
    stompAllEvents: {
      path: "/websocket",
      address: "/topic/jobs",
      title: "STOMP: all jobs",
      description: "SUBSCRIBE: everything that the caller may see, from now on.",
      servers: on("stomp"),
      messages: events,
    },
    webhook: {
      path: "/api/v2/webhooks/endpoints",
      address: null,
      title: "Webhooks",
      description:
        "POST to the address that a submit or a standing endpoint names, signed after Standard Webhooks 1.0, until it is answered 2xx.",
      servers: on("receiver"),
      messages: { webhook: to("components/messages", "webhook") },
    },
  };
}

/** @param commands Names of the messages that a WebSocket client may send. */
export function operations(commands: readonly string[]): Readonly<Record<string, OperationObject>> {
  return {
    sendJobEvents: sending("jobEvents", "Tells the events of one job.", EVENTS, GET),
    sendAllEvents: sending("allEvents", "Tells the events of all jobs.", EVENTS, GET),
    ...Object.fromEntries(commands.map((command) => [`receive${titled(command)}`, socketOperation(command)])),
    sendSocketEvents: sending("webSocket", "Tells the events of followed jobs, then the end of each.", [
      "socket.event",
      "socket.end",
    ]),
    receiveStompSubmit: {
      action: "receive",
      channel: to("channels", "stompSubmit"),
      summary: "Takes a job.",
      messages: [messageOf("stompSubmit", "submit")],
      reply: {
        channel: to("channels", "stompAnswers"),
        messages: [messageOf("stompAnswers", "job"), messageOf("stompAnswers", "problem")],
      },
    },
    sendStompJobEvents: sending("stompJobEvents", "Tells the events of one job.", EVENTS),
    sendStompAllEvents: sending("stompAllEvents", "Tells the events of all jobs.", EVENTS),
    sendWebhooks: sending("webhook", "Posts an event to its receivers.", ["webhook"], {
      http: { method: "POST", bindingVersion: "0.3.0" },
    }),
  };
}

const GET = { http: { method: "GET", bindingVersion: "0.3.0" } };

function sending(channel: string, summary: string, names: readonly string[], bindings?: object): OperationObject {
  const ofChannel = names.map((name) => messageOf(channel, name));
  return {
    ...{ action: "send", channel: to("channels", channel), summary, messages: ofChannel },
    ...(bindings === undefined ? {} : { bindings }),
  } as OperationObject;
}

const REPLIES: Readonly<Record<string, readonly string[]>> = {
  "socket.auth": ["socket.ready"],
  "socket.submit": ["socket.submitted"],
  "socket.follow": ["socket.following"],
  "socket.unfollow": ["socket.end"],
  "socket.cancel": ["socket.cancelled"],
};

function socketOperation(command: string): OperationObject {
  const replies = [...(REPLIES[command] ?? []), "socket.error"];
  return {
    action: "receive",
    channel: to("channels", "webSocket"),
    summary: `Takes the message ${command.slice("socket.".length)}.`,
    messages: [messageOf("webSocket", command)],
    reply: { channel: to("channels", "webSocket"), messages: replies.map((name) => messageOf("webSocket", name)) },
  };
}

function messageOf(channel: string, name: string): Reference {
  return to(`channels/${channel}/messages`, name);
}

function titled(command: string): string {
  return command.replace(/^socket\.(.)/, (_, letter: string) => `Socket${letter.toUpperCase()}`);
}
