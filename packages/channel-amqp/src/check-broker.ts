// Whether the broker can be reached with these credentials, and has what meanwhile needs: for `doctor`, which changes nothing.
import { systemClock } from "@meanwhile/core";
import { endConnection, openConnection } from "./connect.js";
import { describe } from "./link.js";
import { namesOf } from "./names.js";
import type { ResolvedAmqpOptions } from "./options.js";
import { withChannel } from "./topology.js";

export interface BrokerFacts {
  /** Product and version as the broker names itself. */
  readonly product: string;
  /** Submits that wait; `undefined` where the queue is not there yet. */
  readonly waiting: number | undefined;
  /** Submits that were put aside; `undefined` where their queue is not there yet. */
  readonly dead: number | undefined;
}

/** @returns the facts, or what stands in the way, in one line. Declares nothing. */
export async function checkBroker(options: ResolvedAmqpOptions): Promise<BrokerFacts | { readonly fault: string }> {
  try {
    const connection = await openConnection(options, "meanwhile doctor");
    // Whatever ends it early rejects what is asked on it.
    connection.on("error", () => {});
    const countOf = async (queue: string): Promise<number | undefined> => {
      const found = await withChannel(connection, (channel) => channel.checkQueue(queue)).catch(() => undefined);
      return found?.messageCount;
    };
    try {
      const { product = "a broker", version = "" } = connection.connection.serverProperties;
      const names = namesOf(options.prefix);
      return {
        product: `${product} ${version}`.trim(),
        waiting: await countOf(names.submit),
        dead: await countOf(names.submitDead),
      };
    } finally {
      await endConnection(connection, systemClock);
    }
  } catch (error) {
    return { fault: describe(error) };
  }
}
