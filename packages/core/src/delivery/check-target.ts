// Asks the channel whether an address may be used at all, before anything is stored for it.
import { invalidParameters } from "../engine/refusals.js";
import type { PushChannel } from "./channel.js";
import { WEBHOOK_CHANNEL } from "./subscription.js";

/** @throws AppError `invalid_parameters` at the pointer. */
export async function checkTarget(channels: readonly PushChannel[], url: string, pointer: string): Promise<void> {
  const channel = channels.find(({ name }) => name === WEBHOOK_CHANNEL);
  const detail =
    channel === undefined
      ? "This server sends no webhooks. Leave it out and follow the job in another way, or ask its operator to set up webhooks."
      : await channel.checkTarget(url);
  if (detail !== undefined) throw invalidParameters([{ pointer, detail }]);
}
