// One connection to the broker: opened within its time, and ended for good even where the broker says nothing any more.
import type { Socket } from "node:net";
import type { Clock } from "@meanwhile/core";
import { type ChannelModel, connect } from "amqplib";
import type { ResolvedAmqpOptions } from "./options.js";

const CONNECT_WITHIN_MS = 10_000;
const CLOSE_WITHIN_MS = 2_000;

/** @param name Shown by the broker's own tools. */
export function openConnection({ url, ca }: ResolvedAmqpOptions, name: string): Promise<ChannelModel> {
  // Its time ends also where the handshake stands still: nothing comes then, and that is what the socket looks at.
  return connect(url, {
    timeout: CONNECT_WITHIN_MS,
    // Confirmations are small and waited for.
    noDelay: true,
    clientProperties: { connection_name: name },
    ...(ca === undefined ? {} : { ca }),
  } as Parameters<typeof connect>[1]) as Promise<ChannelModel>;
}

/** Never rejects: whatever is wrong with it, it is over. */
export async function endConnection(connection: ChannelModel, clock: Clock): Promise<void> {
  let cancelTimer = () => {};
  const late = new Promise<void>((resolve) => {
    cancelTimer = clock.after(CLOSE_WITHIN_MS, resolve);
  });
  // It may be closed already, or close for another reason meanwhile.
  await Promise.race([connection.close().catch(() => {}), late]);
  cancelTimer();
  (connection.connection as unknown as { stream: Socket }).stream.destroy();
}
