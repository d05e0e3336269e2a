// Pieces of HTML: escaped text, a little markup, schemas in words.
import type { JsonSchema } from "../route.js";

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Text with `code` in backticks. */
export function inline(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

/** @param options.whole Members and variants too, not only the name. Default: no. */
export function describeSchema(schema: JsonSchema, { whole = false } = {}): string {
  if (typeof schema.$ref === "string") return reference(schema.$ref);
  if (whole) return wholeSchema(schema);
  return typeWords(schema);
}

function reference(target: string): string {
  const name = target.replace("#/components/schemas/", "");
  return `<a href="#shape-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
}

function typeWords(schema: JsonSchema): string {
  if (typeof schema.$ref === "string") return reference(schema.$ref);
  if (Array.isArray(schema.enum))
    return schema.enum.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(" ");
  if (schema.const !== undefined) return `<code>${escapeHtml(String(schema.const))}</code>`;
  const variants = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (variants !== undefined) return variants.map(variantWords).join(" or ");
  if (schema.contentMediaType !== undefined) return "bytes";
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type ?? "any value"];
  return `${types.map((type) => oneTypeWords(String(type), schema)).join(" or ")}${bounds(schema)}`;
}

function variantWords(variant: JsonSchema): string {
  return typeof variant.title === "string" ? `<code>${escapeHtml(variant.title)}</code>` : typeWords(variant);
}

function oneTypeWords(type: string, { items = {}, properties }: JsonSchema): string {
  if (type === "array") return `list of ${typeWords(items as JsonSchema)}`;
  if (type !== "object" || properties === undefined) return escapeHtml(type);
  const members = Object.entries(properties as Readonly<Record<string, JsonSchema>>).map(
    ([name, member]) =>
      `<code>${escapeHtml(name)}</code>${typeof member.$ref === "string" ? `: ${reference(member.$ref)}` : ""}`,
  );
  return `object with ${members.join(", ")}`;
}

function bounds({ minimum, maximum, maxLength, format, default: preset }: JsonSchema): string {
  const words = [
    format === undefined ? "" : ` (${format})`,
    isBound(minimum) ? `, at least ${minimum}` : "",
    isBound(maximum) ? `, at most ${maximum}` : "",
    maxLength === undefined ? "" : `, at most ${maxLength} characters`,
    preset === undefined ? "" : `, default ${JSON.stringify(preset)}`,
  ];
  return escapeHtml(words.join(""));
}

/** What every whole number in JSON keeps to tells a reader nothing. */
function isBound(limit: unknown): boolean {
  return limit !== undefined && Math.abs(Number(limit)) !== Number.MAX_SAFE_INTEGER;
}

function wholeSchema(schema: JsonSchema): string {
  const about = typeof schema.description === "string" ? `<p>${inline(schema.description)}</p>` : "";
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  const required = new Set((schema.required ?? []) as readonly string[]);
  const rows = properties.map(([name, member]) => {
    const says = typeof member.description === "string" ? inline(member.description) : "";
    return `<tr><td><code>${escapeHtml(name)}</code>${required.has(name) ? "" : "?"}</td><td>${typeWords(member)}</td><td>${says}</td></tr>`;
  });
  const variants = ((schema.oneOf ?? []) as readonly JsonSchema[]).map(
    ({ title, properties: members }) =>
      `<li><code>${escapeHtml(String(title))}</code> with ${typeWords((members as Record<string, JsonSchema>).parameters ?? {})}</li>`,
  );
  const table = rows.length === 0 ? `<p>${typeWords(schema)}</p>` : `<table>${rows.join("")}</table>`;
  return `${about}${table}${variants.length === 0 ? "" : `<ul>${variants.join("")}</ul>`}`;
}
