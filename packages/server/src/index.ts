// The HTTP API of meanwhile on Fastify.

export { API_KEY_PREFIX, hashApiKey } from "./auth/api-key.js";
export type { Authenticator } from "./auth/authenticator.js";
export { type FixedApiKey, parseApiKeys } from "./auth/fixed-keys.js";
export type { JwtIssuerOptions } from "./auth/jwt.js";
export type { LiveCredentials } from "./auth/live-credentials.js";
export { isScope } from "./auth/scopes.js";
export type { IssuedTicket, TicketScope, Tickets } from "./auth/tickets.js";
export type { ServerParts } from "./context.js";
export { createServer, type HttpServer, type ListenOptions } from "./create-server.js";
export { createLogger } from "./logging.js";
export type { ServerOptions } from "./options.js";
export type { UpgradeListener } from "./upgrades.js";
