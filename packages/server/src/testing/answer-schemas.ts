// Holds real answers against what the OpenAPI document says of them.
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenApiDocument, Operation } from "../openapi/document.js";
import type { Answer } from "./requests.js";

export type AnswerCheck = (operationId: string, answer: Answer) => string | undefined;

/** @returns a function that says what is wrong with an answer, or `undefined`. */
export function createAnswerCheck(document: OpenApiDocument): AnswerCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  const operations = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [operation.operationId, { path, method, operation }] as const,
      ),
    ),
  );
  return (operationId, answer) => {
    const found = operations.get(operationId);
    if (found === undefined) return "an operation that the document does not know";
    const status = documentedStatus(found.operation, answer.statusCode);
    if (status === undefined) return `a status that the document does not know: ${answer.statusCode}`;
    const mediaType = String(answer.headers["content-type"] ?? "").split(";")[0] ?? "";
    const pointer = ["paths", found.path, found.method, "responses", status, "content", mediaType, "schema"];
    if (!/json$/.test(mediaType) || answer.body === "") return undefined;
    const validate = ajv.getSchema(`api#/${pointer.map(escapePointer).join("/")}`);
    if (validate === undefined) return `a media type that the document does not know: ${mediaType}`;
    return validate(JSON.parse(answer.body)) ? undefined : ajv.errorsText(validate.errors);
  };
}

function documentedStatus({ responses }: Operation, statusCode: number): string | undefined {
  if (String(statusCode) in responses) return String(statusCode);
  // Refusals may be any; what is no refusal must be named.
  return statusCode >= 400 ? "default" : undefined;
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}
