// The API keys of the settings, read: each complaint says where they stand and never shows a key.
import { ConfigurationError } from "@meanwhile/core";
import { type FixedApiKey, parseApiKeys } from "@meanwhile/server";
import type { LoadedSettings } from "../config/load-settings.js";

/** @throws ConfigurationError */
export function configuredKeys({ settings, sources }: LoadedSettings): readonly FixedApiKey[] {
  try {
    return parseApiKeys(settings.apiKeys);
  } catch (error) {
    throw error instanceof ConfigurationError ? new ConfigurationError(`${sources.apiKeys}: ${error.message}`) : error;
  }
}
