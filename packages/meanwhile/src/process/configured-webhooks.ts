// What the settings say about webhooks, checked: each complaint says where it stands.
import { checkPrivateTargets } from "@meanwhile/channels";
import type { LoadedSettings } from "../config/load-settings.js";
import type { WebhookOptions } from "../webhooks.js";

/** @throws ConfigurationError naming the place and the entry. */
export function configuredWebhooks({ settings, sources }: LoadedSettings): WebhookOptions {
  const { allowPrivateTargets, requireHttpsTargets, webhookScheduleMs: scheduleMs } = settings;
  checkPrivateTargets(allowPrivateTargets, sources.allowPrivateTargets);
  return { allowPrivateTargets, requireHttpsTargets, ...(scheduleMs === undefined ? {} : { scheduleMs }) };
}
