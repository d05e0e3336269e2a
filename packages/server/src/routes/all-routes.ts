// The one table of routes: what is served and what the documents say are drawn from it.
import type { ServerContext } from "../context.js";
import type { Route } from "../route.js";
import { healthRoutes } from "./health.js";
import { jobActionRoutes } from "./job-actions.js";
import { jobDetailRoutes } from "./job-details.js";
import { jobRoutes } from "./jobs.js";
import { operationRoutes } from "./operations.js";
import { submitRoutes } from "./submit.js";
import { versionOneRoutes } from "./version-1.js";

export function allRoutes(context: ServerContext): readonly Route[] {
  return [
    ...submitRoutes(context),
    ...jobRoutes(context),
    ...jobDetailRoutes(context),
    ...jobActionRoutes(context),
    ...operationRoutes(context),
    ...versionOneRoutes(context),
    ...healthRoutes(context),
  ];
}
