// How a call arrives: first who makes it, then its request, and that within its time.
//
// grpc-js keeps what has come of a request until it is whole. Whoever is nobody must not fill the memory with beginnings, so
// that nothing of a request is read before its caller is known, and whoever is somebody must end it soon.
import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
import { AppError, type Clock, type Principal } from "@meanwhile/core";
import type { Refusal } from "./refusal.js";

export interface Arrivals {
  readonly interceptor: ServerInterceptor;
  /** Who has made the call with this metadata. */
  callerOf(metadata: Metadata): Principal;
}

export interface ArrivalsOptions {
  readonly clock: Clock;
  /** @throws AppError `unauthenticated`. */
  readonly authenticate: (authorization: string | undefined) => Principal | Promise<Principal>;
  readonly refuse: (call: { metadata: Metadata; path: string }, error: unknown) => Refusal;
  /** Whether only known callers may call it: health and reflection are open. */
  readonly isGuarded: (path: string) => boolean;
}

type Call = Parameters<ServerInterceptor>[1];

/** As long as a JSON body may take over HTTP. */
const REQUEST_WITHIN_MS = 30_000;
/** From whoever it is: what they can leave here is what they can send in that time. Requests to health are a few bytes. */
const OPEN_REQUEST_WITHIN_MS = 2_000;
/** Reflection asks more than once on one stream, and is done in a moment. */
const OPEN_REQUESTS_WITHIN_MS = 10_000;

export function createArrivals({ clock, authenticate, refuse, isGuarded }: ArrivalsOptions): Arrivals {
  const callers = new WeakMap<Metadata, Principal>();

  const guarded = async (metadata: Metadata): Promise<void> => {
    callers.set(metadata, await authenticate(authorizationIn(metadata)));
  };

  /** @returns ends the waiting. */
  const expect = (call: Call, withinMs: number): (() => void) =>
    clock.after(withinMs, () => {
      const details = `The request did not arrive within ${withinMs} ms.`;
      call.sendStatus({ code: status.DEADLINE_EXCEEDED, details, metadata: null });
    });

  const interceptor: ServerInterceptor = ({ path, requestStream }, call) => {
    let arrived = () => {};
    let isGone = false;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (isGuarded(path)) {
          const go = () => {
            if (isGone) return;
            arrived = expect(call, REQUEST_WITHIN_MS);
            next(metadata);
          };
          void guarded(metadata).then(go, (error: unknown) => call.sendStatus(refuse({ metadata, path }, error)));
        } else {
          arrived = expect(call, requestStream ? OPEN_REQUESTS_WITHIN_MS : OPEN_REQUEST_WITHIN_MS);
          next(metadata);
        }
      })
      .withOnReceiveHalfClose((next) => {
        arrived();
        next();
      })
      .withOnCancel(() => {
        isGone = true;
        arrived();
      })
      .build();
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
  };

  return { interceptor, callerOf: (metadata) => callers.get(metadata)! };
}

function authorizationIn(metadata: Metadata): string | undefined {
  const given = metadata.get("authorization");
  if (given.length > 1) {
    throw new AppError("unauthenticated", { message: "The metadata holds authorization more than once." });
  }
  return given[0] === undefined ? undefined : String(given[0]);
}
