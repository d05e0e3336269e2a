// A receiver of webhooks that fails now and then, and what must hold of all that came to it.

import { until } from "@meanwhile/store-testkit";
import { Webhook } from "standardwebhooks";
import { accept, type Behaviour, type Hook, type HookReceiver, startHookReceiver } from "../harness/hook-receiver.js";
import type { Random } from "../harness/random.js";
import type { Seen } from "../readers/reader.js";

/** Most sendings are taken; some fail in a way that leaves the sender in doubt whether they were. */
export async function startFickleReceiver(random: Random): Promise<HookReceiver> {
  const receiver = await startHookReceiver();
  receiver.behave((response, hook) => {
    const behaviour = random.chance(0.85) ? accept : random.pick(FAILURES);
    behaviour(response, hook);
  });
  return receiver;
}

const FAILURES: readonly Behaviour[] = [
  (response) => void response.writeHead(503).end(),
  (response) => void response.socket?.resetAndDestroy(),
  // Taken, and the sender never hears of it.
  (response, hook) => {
    hook.wasAccepted = true;
    response.socket?.destroy();
  },
];

/** Waits until everything has been taken; a sending that a killed process had begun comes late. */
export async function tookAll({ hooks }: HookReceiver, total: number): Promise<void> {
  const taken = () => new Set(hooks.filter((hook) => hook.wasAccepted).map(seqOf)).size;
  await until(() => taken() === total, { what: `the receiver has taken ${total} events`, limitMs: 60_000 }).catch(
    (error: unknown) => {
      throw new Error(`It has taken ${taken()}.`, { cause: error });
    },
  );
}

/** @param options.secrets All that came verifies by one of them. */
export function findHookFaults(
  hooks: readonly Hook[],
  { log, secrets }: { log: readonly Seen[]; secrets: readonly string[] },
): string[] {
  const faults: string[] = [];
  const firsts = new Map<string, Hook>();
  for (const hook of hooks) {
    const seq = seqOf(hook);
    const id = hook.headers["webhook-id"]!;
    const isSigned = (sent: Hook) => secrets.some((secret) => verifies(sent, secret));
    if (!isSigned(hook)) faults.push(`a sending of ${seq} is not signed for its receiver`);
    if (isSigned({ ...hook, text: hook.text.replace('"seq":', '"seq":1') }))
      faults.push(`${seq} verifies although it was changed`);
    const first = firsts.get(id);
    if (first === undefined) {
      // By the log: what is sent first is the event behind those that were sent before.
      if (seq !== firsts.size + 1) faults.push(`${seq} was sent first in the place of ${firsts.size + 1}`);
      firsts.set(id, hook);
    } else if (first.text !== hook.text) faults.push(`${seq} was repeated with another body`);
    const { event } = hook.body.data;
    if (JSON.stringify(event.data) !== JSON.stringify(log[seq - 1]?.data)) faults.push(`${seq} tells something else`);
  }
  if (firsts.size !== log.length) faults.push(`${firsts.size} deliveries for ${log.length} events`);
  return faults;
}

/** As a stranger checks it. */
export function verifies({ text, headers }: Pick<Hook, "text" | "headers">, secret: string): boolean {
  try {
    new Webhook(secret).verify(text, { ...headers });
    return true;
  } catch {
    return false;
  }
}

function seqOf({ body }: Hook): number {
  return body.data.event.seq;
}
