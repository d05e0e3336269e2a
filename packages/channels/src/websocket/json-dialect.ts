// The JSON dialect, one object per message: auth, submit, follow, unfollow, cancel (section "WebSocket" of the HTTP API).
import { AppError, type Engine, hasScope, type IdSource, type Logger, pushedJobText } from "@meanwhile/core";
import type { JobEvent } from "@meanwhile/protocol";
import { CLOSE_CODES } from "../socket/close-codes.js";
import { createCommands } from "../socket/commands.js";
import type { Connection, Dialect, SocketAccess } from "../socket/dialect.js";
import { openVisible, requireNamed } from "../socket/follow-visible.js";
import type { Follows } from "../socket/follows.js";
import type { SocketParts } from "../socket/parts.js";
import { describeProblem } from "../socket/problems.js";
import {
  endText,
  errorText,
  eventMessage,
  followingText,
  jobText,
  type Message,
  type Ref,
  readFields,
  readMessage,
  readyText,
  refOf,
} from "./messages.js";

export interface JsonDialectParts extends Pick<SocketParts, "authenticate" | "redeemTicket" | "linkBase"> {
  readonly engine: Pick<Engine, "submit" | "get" | "subscribe" | "cancel">;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly follows: Follows;
}

export function createJsonDialect(connection: Connection, parts: JsonDialectParts): Dialect {
  const { engine, follows, linkBase } = parts;
  const commands = createCommands();
  if (connection.access !== undefined) connection.begun();

  const sendError = (thrown: unknown, { ref, op, jobId }: { ref: Ref; op: string; jobId?: string }): AppError => {
    const { error, problem } = describeProblem(thrown, op, parts);
    connection.send(errorText(problem, jobId === undefined ? { ref } : { ref, jobId }));
    return error;
  };

  const signIn = async (message: Message & { op: "auth" }) => {
    const access =
      "token" in message
        ? { principal: await parts.authenticate(`Bearer ${message.token}`) }
        : await parts.redeemTicket(message.ticket);
    // What is followed was allowed by the credential before: it must not outlive that under one that may see less (I10).
    if (connection.access !== undefined && !seesAsMuch(access, connection.access)) throw seesLess();
    connection.signIn(access);
    connection.begun();
    connection.send(readyText(message.ref));
  };

  const submit = async ({ principal }: SocketAccess, message: Message & { op: "submit" }) => {
    const { ref, envelope, idempotencyKey } = message;
    const { job } = await engine.submit(envelope, {
      principal,
      origin: { requestId: parts.ids.uuid() },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    connection.send(jobText("submitted", { ref, job: pushedJobText(job, linkBase) }));
    // From the first event on: a job that is over already has its outcome behind `lastSeq`, too.
    if (message.follow && !follows.has(job.id)) follow({ principal }, { ref, jobId: job.id, after: 0, greeted: true });
  };

  const follow = (access: SocketAccess, wish: { ref: Ref; jobId: string; after: number; greeted?: boolean }) => {
    const { ref, jobId, after, greeted = false } = wish;
    follows.start<JobEvent>(jobId, {
      open: openVisible(engine, access, { jobId, after }),
      opened: () => {
        if (!greeted) connection.send(followingText(ref, jobId));
      },
      write: (event) => connection.send(eventMessage(event, linkBase)),
      ended: () => connection.send(endText(jobId)),
      failed: (error) => void sendError(error, { ref, op: "follow", jobId }),
    });
  };

  const serve = async (access: SocketAccess, message: Exclude<Message, { op: "auth" }>): Promise<void> => {
    switch (message.op) {
      case "submit":
        return submit(access, message);
      case "follow":
        if (follows.has(message.jobId)) throw alreadyFollowed(message.jobId);
        return follow(access, message);
      case "unfollow":
        follows.stop(message.jobId);
        return connection.send(endText(message.jobId, message.ref));
      case "cancel": {
        requireNamed(access, message.jobId);
        const { job } = await engine.cancel(message.jobId, access);
        return connection.send(jobText("cancelled", { ref: message.ref, job: pushedJobText(job, linkBase) }));
      }
    }
  };

  /** Who was never let in has to connect again; a fresh credential that will not do leaves things as they are. */
  const refuse = (thrown: unknown, { ref, op }: { ref: Ref; op: string }) => {
    const { code, message } = sendError(thrown, { ref, op });
    if (connection.access !== undefined) return;
    connection.close(code === "rate_limited" ? CLOSE_CODES.tooMuch : CLOSE_CODES.unauthenticated, message);
  };

  return {
    receive(data, isBinary) {
      let fields: ReturnType<typeof readFields> = {};
      let message: Message;
      try {
        fields = readFields(data, isBinary);
        message = readMessage(fields);
      } catch (error) {
        refuse(error, { ref: refOf(fields), op: "" });
        return undefined;
      }
      const { access } = connection;
      const { ref, op } = message;
      if (message.op === "auth") return signIn(message).catch((error) => refuse(error, { ref, op }));
      if (access === undefined) {
        refuse(sayWhoYouAre(), { ref, op });
        return undefined;
      }
      return commands.begin(serve(access, message).catch((error) => void sendError(error, { ref, op })));
    },
    tell: (error) => void sendError(error, { ref: undefined, op: "" }),
    idle: () => commands.idle(),
    closed: () => follows.stopAll(),
  };
}

function sayWhoYouAre(): AppError {
  return new AppError("unauthenticated", {
    message:
      'Say first who you are: {"op":"auth","token":"mw_…"}, or connect with an Authorization header or a ticket.',
  });
}

function seesAsMuch(next: SocketAccess, before: SocketAccess): boolean {
  if (next.jobId !== undefined && next.jobId !== before.jobId) return false;
  const reading = ["jobs:read", "jobs:admin"] as const;
  return reading.every((scope) => hasScope(next.principal, scope) || !hasScope(before.principal, scope));
}

function seesLess(): AppError {
  return new AppError("forbidden", {
    message: "The credentials allow to see less than those before. Open a connection of its own for them.",
  });
}

function alreadyFollowed(jobId: string): AppError {
  return new AppError("conflict", { message: "This connection follows the job already.", details: { jobId } });
}
