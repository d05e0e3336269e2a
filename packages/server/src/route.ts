// One row of the route table: what is served, who may, how it is documented. The server and its OpenAPI document read the same rows.
import type { Principal, Scope } from "@meanwhile/core";
import type { ErrorCode, TraceContext } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is calling; on open routes nobody has asked. */
    principal: Principal;
    trace: TraceContext | undefined;
    /** The path as asked, without its query. */
    pathname: string;
  }
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** `open`: no credentials. `submit`: any scope to submit, for whichever type. */
export type RouteAccess = "open" | "submit" | Scope;

/**
 * How the body is read. `none`: read past and forgotten. `json`: parsed. `bytes`: left to the handler, as a stream.
 * `json-or-form`: parsed where it is JSON, left to the handler where it is `multipart/form-data`.
 */
export type BodyKind = "none" | "json" | "bytes" | "json-or-form";

export interface ParameterDocument {
  readonly schema: JsonSchema;
  readonly description: string;
}

export interface ResponseDocument {
  readonly description: string;
  /** Names of headers described once for the whole document. */
  readonly headers?: readonly string[];
  /** By media type. */
  readonly content?: Readonly<Record<string, JsonSchema>>;
}

export interface OperationDocument {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, JsonSchema>>;
  };
  /** Request headers, by the names described once for the whole document. */
  readonly headers?: readonly string[];
  readonly responses: Readonly<Record<string, ResponseDocument>>;
  /** Requests that the server makes because of this one, as OpenAPI writes them. */
  readonly callbacks?: Readonly<Record<string, object>>;
  /** Refusals beyond those that every route of its kind may give. */
  readonly errors?: readonly ErrorCode[];
  readonly deprecated?: boolean;
}

export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "PATCH" | "DELETE";
  /** As OpenAPI writes it: `/api/v2/jobs/{id}`. */
  readonly path: string;
  readonly access: RouteAccess;
  /**
   * Which tickets open it in place of the header, as `?ticket=`: those of the job in its path, or those of the stream of all
   * jobs. Default: none.
   */
  readonly ticket?: "job" | "stream";
  readonly body?: BodyKind;
  readonly maxBodyBytes?: number;
  /** Whether it is refused while the server drains. Default: no. */
  readonly takesWork?: boolean;
  /** Every query parameter there is; others are refused. */
  readonly query?: Readonly<Record<string, ParameterDocument>>;
  /** Headers of every answer, refusals too. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly document: OperationDocument;
  handle(request: FastifyRequest, reply: FastifyReply): unknown;
}
