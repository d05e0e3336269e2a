// Paths that nobody serves, and methods that a path does not take.
import { AppError } from "@meanwhile/core";
import type { FastifyInstance } from "fastify";
import { HttpRefusal } from "./problem.js";
import { ignoreBodies } from "./register-routes.js";
import type { Route } from "./route.js";

export function installNotFound(app: FastifyInstance, routes: readonly Route[]): void {
  const paths = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  for (const { path, method } of routes) {
    const entry = paths.get(path) ?? { pattern: toPattern(path), methods: new Set<string>() };
    entry.methods.add(method);
    if (method === "GET") entry.methods.add("HEAD");
    paths.set(path, entry);
  }
  // Whatever body came along, it is not what is wrong.
  ignoreBodies(app);
  app.setNotFoundHandler((request) => {
    const methods = new Set<string>();
    for (const entry of paths.values()) {
      if (entry.pattern.test(request.pathname)) for (const method of entry.methods) methods.add(method);
    }
    if (methods.size === 0 || methods.has(request.method)) {
      throw new AppError("not_found", { message: "Nothing is served under this path. The API is described in /docs." });
    }
    const allowed = [...methods].sort().join(", ");
    const message = `${request.method} is not possible here. There is: ${allowed}.`;
    throw new HttpRefusal(405, message, { allow: allowed }, "method_not_allowed");
  });
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/[.]/g, "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}
