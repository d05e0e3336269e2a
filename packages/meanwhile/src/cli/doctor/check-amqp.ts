// Can the message broker be reached, and does anything wait there that nobody looks at.
import type { LoadedSettings } from "../../config/load-settings.js";
import { configuredAmqp } from "../../process/configured-amqp.js";
import { type Finding, fail, messageOf, ok, warn } from "./check.js";

/** No finding where no broker is configured. */
export async function checkAmqp(loaded: LoadedSettings): Promise<readonly Finding[]> {
  try {
    const options = await configuredAmqp(loaded);
    return options === undefined ? [] : [await examineBroker(options)];
  } catch (error) {
    return [fail("message queue", messageOf(error), "Correct it; serve would not start.")];
  }
}

async function examineBroker(given: NonNullable<Awaited<ReturnType<typeof configuredAmqp>>>): Promise<Finding> {
  const { checkBroker, namesOf, resolveAmqpOptions, shownBroker } = await import("@meanwhile/channel-amqp");
  const options = resolveAmqpOptions(given);
  const place = shownBroker(options.url);
  const facts = await checkBroker(options);
  if ("fault" in facts) {
    return warn(
      "message queue",
      `${place} cannot be used: ${facts.fault}`,
      "Start the broker, or correct MEANWHILE_AMQP_URL. serve starts without it; events wait in the store.",
    );
  }
  const { submitDead } = namesOf(options.prefix);
  if (facts.dead !== undefined && facts.dead > 0) {
    return warn(
      "message queue",
      `${facts.product} at ${place}; ${facts.dead} submits were put aside`,
      `Read them in the queue ${submitDead}: the header x-reason says why.`,
    );
  }
  const waiting =
    facts.waiting === undefined ? "its queues are made at the first start" : `${facts.waiting} submits wait`;
  return ok("message queue", `${facts.product} at ${place}; ${waiting}`);
}
