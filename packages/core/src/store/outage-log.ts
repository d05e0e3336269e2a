// The log through an outage of the store: one line when it begins, one when it is over, and a count of what failed in between.
//
// 1. Whoever fails for the outage's sake logs as ever, and gives the error; here such lines are counted instead of written.
// 2. The end is looked for: a store that nobody asks anything of is back, too.
import type { Clock } from "../clock.js";
import { isOutage } from "../errors.js";
import type { Logger } from "../logger.js";
import type { Store } from "./store.js";

export interface OutageLog {
  /** To be given to all whose lines may tell of an outage. */
  readonly logger: Logger;
  stop(): void;
}

/** How often a store that was away is asked whether it is back. */
const LOOK_EVERY_MS = 1_000;

interface Outage {
  readonly since: number;
  /** By the line that was not written. */
  readonly counts: Map<string, number>;
}

export function createOutageLog({
  store,
  clock,
  logger,
}: {
  store: Pick<Store, "check">;
  clock: Clock;
  logger: Logger;
}): OutageLog {
  let outage: Outage | undefined;
  let cancelLook = () => {};
  let isStopped = false;

  const note = (error: Error, message: string): void => {
    if (outage === undefined) {
      outage = { since: clock.now(), counts: new Map() };
      logger.error({ reason: error.message }, "the store cannot be used; what needs it is tried again");
      lookLater();
    }
    outage.counts.set(message, (outage.counts.get(message) ?? 0) + 1);
  };

  const lookLater = (): void => {
    if (!isStopped) cancelLook = clock.after(LOOK_EVERY_MS, () => void look());
  };

  const look = async (): Promise<void> => {
    const { ok } = await store.check().catch(() => ({ ok: false }));
    if (!ok) return lookLater();
    if (outage === undefined || isStopped) return;
    const { since, counts } = outage;
    outage = undefined;
    logger.info({ awayMs: clock.now() - since, failures: Object.fromEntries(counts) }, "the store can be used again");
  };

  const counting = (level: "warn" | "error") => (fields: object, message: string) => {
    if (!isStopped && "err" in fields && isOutage(fields.err)) note(fields.err as Error, message);
    else logger[level](fields, message);
  };

  return {
    logger: {
      debug: (fields, message) => logger.debug(fields, message),
      info: (fields, message) => logger.info(fields, message),
      warn: counting("warn"),
      error: counting("error"),
    },
    stop() {
      isStopped = true;
      cancelLook();
    },
  };
}
