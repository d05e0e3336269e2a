// JSON bodies that do not arrive: told so, instead of holding a connection open for ever. Node's own limit covers the
// longest upload and cannot be told apart by route.
import type { Clock } from "@meanwhile/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { HttpRefusal } from "./problem.js";

export interface SlowBodies {
  expect(request: FastifyRequest, reply: FastifyReply): void;
  arrived(request: FastifyRequest): void;
}

export function createSlowBodies({ clock, limitMs }: { clock: Clock; limitMs: number }): SlowBodies {
  // In the order of their beginning: the first is always the one that is due first.
  const expected = new Map<FastifyRequest, { reply: FastifyReply; since: number }>();
  let isArmed = false;

  const arm = (inMs: number) => {
    isArmed = true;
    clock.after(inMs, () => {
      isArmed = false;
      refuseLate();
    });
  };

  const refuseLate = () => {
    const now = clock.now();
    for (const [request, { reply, since }] of expected) {
      if (now - since < limitMs) return arm(limitMs - (now - since));
      expected.delete(request);
      // Those that went away, or were refused before their body was read, are only forgotten.
      if (!reply.sent && !request.raw.destroyed)
        reply.send(new HttpRefusal(408, `The body did not arrive within ${limitMs} ms.`));
    }
  };

  return {
    expect(request, reply) {
      expected.set(request, { reply, since: clock.now() });
      if (!isArmed) arm(limitMs);
    },
    arrived(request) {
      expected.delete(request);
    },
  };
}
