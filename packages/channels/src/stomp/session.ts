// One STOMP session: from CONNECT to DISCONNECT, frame by frame (STOMP 1.0 to 1.2).
//
// 1. Frames are taken in order. CONNECT and DISCONNECT are finished before the next frame is looked at; submits and
//    subscriptions run side by side, their answers and receipts come when each is done.
// 2. A receipt is sent after its frame was worked off, or an ERROR in its place. After an ERROR the session is over.
// 3. One message may hold tens of thousands of frames: between some of them everybody else has a turn.
import { AppError, type Clock, type Engine, type IdSource, type Logger } from "@meanwhile/core";
import { CLOSE_CODES, closeCodeOf } from "../socket/close-codes.js";
import { createCommands } from "../socket/commands.js";
import type { Connection, Dialect, SocketAccess } from "../socket/dialect.js";
import type { Follows } from "../socket/follows.js";
import type { SocketParts } from "../socket/parts.js";
import { describeProblem } from "../socket/problems.js";
import { type Beats, credentialOf, negotiateBeats, negotiateVersion, OWN_BEATS_MS } from "./connect.js";
import { createDecoder } from "./decode.js";
import { encodeFrame, HEART_BEAT } from "./encode.js";
import { type Frame, type HeaderList, STOMP_VERSIONS } from "./frame.js";
import { type HeartBeat, startHeartBeat } from "./heart-beat.js";
import { createSender } from "./sender.js";
import { createSubscriptions } from "./subscriptions.js";

export interface StompParts extends Pick<SocketParts, "authenticate" | "redeemTicket" | "linkBase"> {
  readonly engine: Pick<Engine, "submit" | "get" | "subscribe" | "subscribeAll">;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly follows: Follows;
}

export function createStompSession(connection: Connection, parts: StompParts): Dialect {
  const decoder = createDecoder();
  const commands = createCommands();
  const write = (command: string, headers: HeaderList, body?: string) =>
    connection.send(
      encodeFrame(command, headers, { version: decoder.version, ...(body === undefined ? {} : { body }) }),
    );
  const fail = (thrown: unknown, frame?: Frame) => {
    const error = sendError(thrown, frame);
    connection.close(closeCodeOf(error), error.message);
  };
  const subscriptions = createSubscriptions({ ...parts, write, fail });
  const sender = createSender({ ...parts, subscriptions });
  let phase: "new" | "open" | "over" = "new";
  let beat: HeartBeat | undefined;
  let working = 0;
  let taken = 0;

  const sendError = (thrown: unknown, frame?: Frame): AppError => {
    const { error, problem } = describeProblem(thrown, frame?.command ?? "", parts);
    phase = "over";
    write(
      "ERROR",
      [
        ["message", error.message],
        ["receipt-id", frame?.headers.get("receipt")],
        ["version", error.details.versions as string | undefined],
        ["content-type", "application/problem+json"],
      ],
      JSON.stringify(problem),
    );
    return error;
  };

  const confirm = ({ headers }: Frame) => {
    const receipt = headers.get("receipt");
    if (receipt !== undefined) write("RECEIPT", [["receipt-id", receipt]]);
  };

  const finish = (frame: Frame, work: Promise<void>): Promise<void> =>
    work.then(
      () => confirm(frame),
      (error: unknown) => fail(error, frame),
    );

  const connect = async (frame: Frame): Promise<void> => {
    const version = negotiateVersion(frame);
    if (version === undefined) throw noCommonVersion(frame);
    decoder.version = version;
    const beats = negotiateBeats(frame, version);
    const { principal } = await signIn(frame);
    phase = "open";
    connection.begun();
    write("CONNECTED", [
      ["version", version],
      ["heart-beat", version === "1.0" ? undefined : `${OWN_BEATS_MS},${OWN_BEATS_MS}`],
      ["session", connection.id],
      ["server", "meanwhile"],
      ["user-name", principal.name],
    ]);
    beat = startBeats(beats);
  };

  const signIn = async (frame: Frame): Promise<SocketAccess> => {
    const credential = credentialOf(frame, { isKnown: connection.access !== undefined });
    if (credential === undefined && connection.access !== undefined) return connection.access;
    const access =
      credential?.kind === "ticket"
        ? await parts.redeemTicket(credential.value)
        : { principal: await parts.authenticate(credential?.value) };
    connection.signIn(access);
    return access;
  };

  const startBeats = (beats: Beats): HeartBeat =>
    startHeartBeat({
      ...beats,
      clock: parts.clock,
      beat: () => connection.send(HEART_BEAT),
      missed: () =>
        fail(new AppError("invalid_request", { message: "The heart-beats that CONNECT promised are missing." })),
      isListening: () => working === 0,
    });

  const disconnect = async (frame: Frame): Promise<void> => {
    await commands.idle();
    confirm(frame);
    phase = "over";
    connection.close(CLOSE_CODES.normal, "");
  };

  /** @returns what has to be done before the next frame. */
  const take = (frame: Frame): Promise<void> | undefined => {
    const { command } = frame;
    if (phase === "new") {
      if (command !== "CONNECT" && command !== "STOMP") throw notConnected(command, connection.access);
      return connect(frame).catch((error: unknown) => fail(error, frame));
    }
    if (command !== "SEND" && frame.body.length > 0) throw unreadable(`${command} must have no body.`);
    const access = connection.access!;
    switch (command) {
      case "SEND":
        return commands.begin(finish(frame, sender.send(frame, access)));
      case "SUBSCRIBE":
        return commands.begin(finish(frame, subscriptions.subscribe(frame, access)));
      case "UNSUBSCRIBE":
        subscriptions.unsubscribe(frame);
        break;
      case "ACK":
      case "NACK":
        subscriptions.acknowledge(frame, decoder.version);
        break;
      case "DISCONNECT":
        return disconnect(frame);
      default:
        throw refuseCommand(command);
    }
    confirm(frame);
    return undefined;
  };

  /** Takes frame after frame; where one has to be waited for, the rest follows it. */
  const takeAll = (frames: Generator<Frame, void, undefined>): Promise<void> | undefined => {
    let current: Frame | undefined;
    try {
      for (let next = frames.next(); !next.done && phase !== "over"; next = frames.next()) {
        current = next.value;
        const pending = take(current) ?? (++taken % FRAMES_PER_TURN === 0 ? nextTurn(parts.clock) : undefined);
        if (pending !== undefined) return pending.then(() => takeAll(frames));
        current = undefined;
      }
    } catch (error) {
      fail(error, current);
    }
    return undefined;
  };

  return {
    receive(data) {
      beat?.heard();
      if (phase === "over") return undefined;
      const pending = takeAll(decoder.push(data));
      if (pending === undefined) return undefined;
      working++;
      return pending.finally(() => working--);
    },
    tell: (error) => void sendError(error),
    idle: () => commands.idle(),
    closed() {
      phase = "over";
      beat?.stop();
      subscriptions.end();
    },
  };
}

/** A few milliseconds of work at most. */
const FRAMES_PER_TURN = 256;

function nextTurn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.nextTurn(resolve));
}

function noCommonVersion({ headers }: Frame): AppError {
  const asked = JSON.stringify((headers.get("accept-version") ?? "").slice(0, 40));
  const versions = STOMP_VERSIONS.join(",");
  return new AppError("invalid_request", {
    message: `None of the versions in accept-version is spoken here. There are ${versions}; got ${asked}.`,
    details: { versions },
  });
}

function notConnected(command: string, access: SocketAccess | undefined): AppError {
  const message = `The first frame must be CONNECT or STOMP; got ${JSON.stringify(command.slice(0, 40))}.`;
  return new AppError(access === undefined ? "unauthenticated" : "invalid_request", { message });
}

function refuseCommand(command: string): AppError {
  if (command === "CONNECT" || command === "STOMP") return unreadable("The session is connected already.");
  if (command === "BEGIN" || command === "COMMIT" || command === "ABORT") {
    return unreadable("There are no transactions here. Jobs that belong together are sent to POST /api/v2/jobs/batch.");
  }
  return unreadable(`STOMP has no command ${JSON.stringify(command.slice(0, 40))}.`);
}

function unreadable(message: string): AppError {
  return new AppError("invalid_request", { message });
}
