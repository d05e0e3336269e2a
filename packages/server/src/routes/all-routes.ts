// The one table of routes: what is served and what the documents say are drawn from it.
import type { ServerContext } from "../context.js";
import type { Route } from "../route.js";
import { definitionRoutes } from "./definition-routes.js";
import { documentRoutes } from "./documents.js";
import { eventRoutes } from "./events.js";
import { fileConversionRoutes } from "./file-conversions.js";
import { fileRoutes } from "./files.js";
import { healthRoutes } from "./health.js";
import { jobActionRoutes } from "./job-actions.js";
import { jobDetailRoutes } from "./job-details.js";
import { jobEventRoutes } from "./job-events.js";
import { jobRoutes } from "./jobs.js";
import { operationRoutes } from "./operations.js";
import { submitRoutes } from "./submit.js";
import { ticketRoutes } from "./tickets.js";
import { versionOneRoutes } from "./version-1.js";
import { webhookDeliveryRoutes } from "./webhook-deliveries.js";
import { webhookEndpointRoutes } from "./webhook-endpoints.js";
import { webSocketRoutes } from "./websocket.js";

/** @throws ConfigurationError where a definition claims a path of the server's own. */
export function allRoutes(context: ServerContext): readonly Route[] {
  const own = [
    ...submitRoutes(context),
    ...jobRoutes(context),
    ...jobDetailRoutes(context),
    ...jobEventRoutes(context),
    ...eventRoutes(context),
    ...jobActionRoutes(context),
    ...ticketRoutes(context),
    ...webSocketRoutes(),
    ...operationRoutes(context),
    ...webhookEndpointRoutes(context),
    ...webhookDeliveryRoutes(context),
    ...fileRoutes(context),
    ...fileConversionRoutes(context),
    ...versionOneRoutes(context),
    ...healthRoutes(context),
  ];
  const documented = [...definitionRoutes(context, own), ...own];
  return [...documented, ...documentRoutes(context, documented)];
}
