// The shared words of meanwhile. No dependency; runs in a browser.
export * from "./error-codes.js";
export * from "./events.js";
export * from "./idempotency-key-header.js";
export * from "./instants.js";
export * from "./job-error.js";
export * from "./job-resource.js";
export * from "./limits.js";
export * from "./prefer.js";
export * from "./statuses.js";
export * from "./submit-envelope.js";
export * from "./text.js";
export * from "./trace-context.js";
export * from "./webhook-faults.js";
export * from "./webhooks.js";
