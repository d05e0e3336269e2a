// SUBSCRIBE, UNSUBSCRIBE, ACK and NACK: what a session listens to, and what of it is still to be acknowledged.
import { AppError, type Engine, type IdSource, type LogItem, pushedEventText } from "@meanwhile/core";
import type { JobEvent } from "@meanwhile/protocol";
import type { SocketAccess } from "../socket/dialect.js";
import { openVisible } from "../socket/follow-visible.js";
import type { Follow, Follows } from "../socket/follows.js";
import { type AckWindow, createAckWindow, readAckMode } from "./ack-window.js";
import { type Answer, createAnswers } from "./answers.js";
import { type Destination, readDestination } from "./destinations.js";
import type { Frame, HeaderList, StompVersion } from "./frame.js";

export interface Subscriptions {
  /** Resolves when it is made; rejects where it cannot be. */
  subscribe(frame: Frame, access: SocketAccess): Promise<void>;
  unsubscribe(frame: Frame): void;
  acknowledge(frame: Frame, version: StompVersion): void;
  /** @returns whether anybody listens on /user/queue/jobs. */
  answer(answer: Answer): boolean;
  end(): void;
}

export interface SubscriptionsParts {
  readonly engine: Pick<Engine, "get" | "subscribe" | "subscribeAll">;
  readonly ids: IdSource;
  readonly linkBase: string;
  readonly follows: Follows;
  write(command: string, headers: HeaderList, body?: string): void;
  /** Ends the session. */
  fail(error: unknown): void;
}

/** One subscription, as MESSAGE frames name it. */
export interface Subscription {
  /** Of this session: its id, or in version 1.0 perhaps its destination. */
  readonly key: string;
  readonly id: string | undefined;
  readonly destination: string;
  /** Begins its ack ids. */
  readonly number: number;
  readonly window: AckWindow;
}

export interface OutgoingMessage {
  readonly messageId: string;
  readonly contentType: string;
  readonly body: string;
  readonly further?: HeaderList;
}

/** What a connection follows has a bound of its own. Every answer is written out for each of these: one is enough for a client. */
const MOST_ANSWER_SUBSCRIPTIONS = 16;

export function createSubscriptions(parts: SubscriptionsParts): Subscriptions {
  const { engine, follows, linkBase, write } = parts;
  const open = new Map<string, Subscription>();
  /** By the number that begins their ack ids; those that have ended are missing. */
  const windows = new Map<number, AckWindow>();
  let count = 0;

  const message = (
    { id, destination, window }: Subscription,
    { messageId, contentType, body, further = [] }: OutgoingMessage,
  ) => {
    const ack = window.sent(messageId);
    write(
      "MESSAGE",
      [
        ["subscription", id],
        ["message-id", messageId],
        ["ack", ack],
        ["destination", destination],
        ["content-type", contentType],
        ...further,
      ],
      body,
    );
  };
  const answers = createAnswers({ message, ids: parts.ids });

  const forget = ({ key, number, window }: Subscription) => {
    window.end();
    windows.delete(number);
    open.delete(key);
  };

  const listenTo = (subscription: Subscription, target: Destination, access: SocketAccess): Promise<void> => {
    switch (target.kind) {
      case "answers":
        if (answers.listeners >= MOST_ANSWER_SUBSCRIPTIONS) throw tooMany();
        answers.add(subscription);
        return Promise.resolve();
      case "job":
        return followJob(subscription, target, access);
      case "all":
        return followAll(subscription, target, access);
    }
  };

  /** Resolves when it is made, rejects where it cannot be; what fails later ends the session. */
  const follow = <T>(subscription: Subscription, what: Pick<Follow<T>, "open" | "write">): Promise<void> =>
    new Promise((resolve, reject) => {
      let made = false;
      follows.start<T>(subscription.key, {
        ...what,
        gate: subscription.window,
        opened() {
          made = true;
          resolve();
        },
        ended: () => forget(subscription),
        failed: (error) => (made ? parts.fail(error) : reject(error)),
      });
    });

  const followJob = (
    subscription: Subscription,
    { jobId, after }: Destination & { kind: "job" },
    access: SocketAccess,
  ) =>
    follow<JobEvent>(subscription, {
      open: openVisible(engine, access, { jobId, after }),
      write: (event) => message(subscription, eventMessage(event, linkBase)),
    });

  const followAll = (subscription: Subscription, { after }: Destination & { kind: "all" }, access: SocketAccess) =>
    follow<LogItem>(subscription, {
      async open() {
        if (access.jobId !== undefined) throw ticketOfOneJob();
        return (reader) => engine.subscribeAll({ principal: access.principal, after, reader });
      },
      write: (item) => message(subscription, logMessage(item, parts)),
    });

  /** By the id that the message gave; one of a subscription that has ended is passed over. */
  const acknowledge = (id: string | undefined) => {
    const [, number, place] = /^(\d{1,9})-(\d{1,15})$/.exec(id ?? "") ?? [];
    if (number === undefined || Number(number) > count) {
      throw unreadable("ACK and NACK need the header id with the ack of a message that was sent.");
    }
    windows.get(Number(number))?.acknowledge(Number(place));
  };

  return {
    async subscribe(frame, access) {
      const target = readDestination(frame);
      const mode = readAckMode(frame.headers.get("ack"));
      const id = frame.headers.get("id");
      const destination = frame.headers.get("destination")!;
      const key = id ?? destination;
      if (open.has(key)) throw unreadable(`There is a subscription ${JSON.stringify(key.slice(0, 100))} already.`);
      const number = ++count;
      const window = createAckWindow(String(number), mode);
      const subscription: Subscription = { key, id, destination, number, window };
      open.set(key, subscription);
      windows.set(number, window);
      await listenTo(subscription, target, access);
    },
    unsubscribe({ headers }) {
      const key = headers.get("id") ?? headers.get("destination");
      if (key === undefined) throw unreadable("UNSUBSCRIBE needs the header id of a subscription.");
      follows.stop(key);
      const subscription = open.get(key);
      if (subscription === undefined) return;
      answers.remove(subscription);
      forget(subscription);
    },
    acknowledge({ headers }, version) {
      if (version === "1.2") return acknowledge(headers.get("id"));
      const messageId = headers.get("message-id");
      if (messageId === undefined) throw unreadable("ACK and NACK need the header message-id of a message.");
      const key = headers.get("subscription");
      // Version 1.0 does not say of which subscription it is.
      for (const each of open.values()) {
        if (key === undefined || each.key === key) each.window.acknowledgeMessage(messageId);
      }
    },
    answer: answers.give,
    end() {
      follows.stopAll();
      for (const subscription of [...open.values()]) forget(subscription);
    },
  };
}

function eventMessage(event: JobEvent, linkBase: string): OutgoingMessage {
  return {
    messageId: `${event.jobId}:${event.seq}`,
    contentType: "application/json",
    body: pushedEventText(event, linkBase),
  };
}

/** With the position from which to resume; where events are missing, with a header that says so. */
function logMessage(item: LogItem, { ids, linkBase }: Pick<SubscriptionsParts, "ids" | "linkBase">): OutgoingMessage {
  const further: HeaderList = [["position", item.position ?? undefined]];
  if (item.kind === "event") return { ...eventMessage(item.event, linkBase), further };
  return {
    messageId: ids.uuid(),
    contentType: "application/json",
    body: JSON.stringify({ after: item.position }),
    further: [["reset", "true"], ...further],
  };
}

function ticketOfOneJob(): AppError {
  return new AppError("forbidden", {
    message: "The ticket is that of one job. Ask for one of the stream of all jobs.",
  });
}

function tooMany(): AppError {
  return new AppError("rate_limited", {
    message: `This session has ${MOST_ANSWER_SUBSCRIPTIONS} subscriptions to answers already. Unsubscribe from one.`,
  });
}

function unreadable(message: string): AppError {
  return new AppError("invalid_request", { message });
}
