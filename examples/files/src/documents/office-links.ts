// Finds what an office document would load from outside itself, so that it is refused before any program could load it.
//
// A link that a reader may click is harmless. What LibreOffice would fetch while it opens the document is not: pictures, sections
// and templates can name files of this machine or addresses of this network, and their content would end up in the pdf.
import { readAllXml } from "../containers/read-xml.js";
import type { ZipContainer } from "../containers/zip-container.js";
import { ConversionError } from "../conversion-error.js";
import { MAX_DOCUMENT_PART_BYTES } from "../limits.js";

/** @throws ConversionError `external_reference`, naming the target. */
export async function refuseExternalLinks(container: ZipContainer, format: "docx" | "odt"): Promise<void> {
  for (const name of container.names) {
    if (format === "docx" && name.endsWith(".rels")) await refuseRelations(container, name);
    if (format === "docx" && /^word\/[^/]+\.xml$/.test(name)) await refuseFields(container, name);
    if (format === "odt" && /(^|\/)(content|styles)\.xml$/.test(name)) await refuseReferences(container, name);
  }
}

/** Relations of Word that are not loaded: what is clicked, and the name of the template that the text was written with. */
const HARMLESS_RELATIONS = /\/(hyperlink|attachedTemplate)$/;

async function refuseRelations(container: ZipContainer, part: string): Promise<void> {
  await readAllXml(await streamOf(container, part), {
    open(name, { TargetMode, Type, Target }) {
      if (name !== "Relationship" || TargetMode?.toLowerCase() !== "external") return;
      if (!HARMLESS_RELATIONS.test(Type ?? "")) throw external(Target);
    },
  });
}

/** Fields that load: their instruction may be spread over several runs, so it is judged when the field's text is complete. */
const LOADING_FIELD = /^\s*(INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|LINK|DDE|DDEAUTO|RD|DATABASE)\b/i;

async function refuseFields(container: ZipContainer, part: string): Promise<void> {
  let instruction = "";
  let inInstruction = false;
  const judge = () => {
    if (LOADING_FIELD.test(instruction)) throw external(instruction.trim());
    instruction = "";
  };
  await readAllXml(await streamOf(container, part), {
    open(name, attributes) {
      if (name === "instrText") inInstruction = true;
      if (name === "fldChar") judge();
      if (name === "fldSimple") {
        const simple = Object.entries(attributes).find(([key]) => key.endsWith(":instr"))?.[1] ?? "";
        if (LOADING_FIELD.test(simple)) throw external(simple.trim());
      }
    },
    text(text) {
      if (inInstruction && instruction.length < 10_000) instruction += text;
    },
    close(name) {
      if (name === "instrText") inInstruction = false;
    },
  });
  judge();
}

/** Elements of OpenDocument whose reference is followed by a click only. */
const CLICKED_ELEMENTS = new Set(["a", "bookmark", "bibliography-mark", "hint"]);

async function refuseReferences(container: ZipContainer, part: string): Promise<void> {
  await readAllXml(await streamOf(container, part), {
    open(name, attributes) {
      // DDE fetches from other programs; it has no reference, its name says enough.
      if (name.startsWith("dde-connection")) throw external(name);
      if (CLICKED_ELEMENTS.has(name)) return;
      for (const [key, value] of Object.entries(attributes)) {
        if (key.endsWith(":href") && !isInside(value, container)) throw external(value);
      }
    },
  });
}

function isInside(reference: string, container: ZipContainer): boolean {
  if (reference === "" || reference.startsWith("#")) return true;
  const part = reference.replace(/^\.\//, "").replace(/\/$/, "");
  // Pictures and objects by the name of their part; an object is a folder of parts.
  return container.has(part) || container.names.some((name) => name.startsWith(`${part}/`));
}

async function streamOf(container: ZipContainer, part: string) {
  if (container.sizeBytes(part) > MAX_DOCUMENT_PART_BYTES)
    throw new ConversionError("zip_bomb", `The document's part "${part}" is larger than a document needs.`);
  return container.stream(part);
}

function external(target: string | undefined): ConversionError {
  return new ConversionError(
    "external_reference",
    `The document loads content from outside itself ("${(target ?? "").slice(0, 200)}"). Embed it and send the document again.`,
  );
}
