// Rewrites html from a stranger into html that cannot load or run anything: parsed as browsers do, and written anew from a list of
// what is allowed. LibreOffice reads only what was written here, so a difference between the two parsers opens no door.
import {
  type DefaultTreeAdapterMap,
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter,
  html as names,
  parse,
  type TreeAdapter,
} from "parse5";
import { ConversionError } from "../conversion-error.js";
import { MAX_HTML_DEPTH, MAX_HTML_ELEMENTS } from "../limits.js";

export interface CleanHtml {
  readonly html: string;
  /** Images within the text (`data:`), for the caller to judge by content. */
  readonly images: readonly Buffer[];
  /** Images, styles and frames that were left out because they would have been loaded from elsewhere. */
  readonly leftOut: number;
}

/** @throws ConversionError `corrupt_file` for nesting, and `file_too_large` for numbers of elements, that no page has. */
export function cleanHtml(source: string): CleanHtml {
  const cleaner = new Cleaner();
  cleaner.write(parse(source, { treeAdapter: boundedAdapter() }));
  return {
    html: `<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>${cleaner.html}</body></html>\n`,
    images: cleaner.images,
    leftOut: cleaner.leftOut,
  };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character]!);
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Written with their content. Of everything else, the content alone is written. */
const KEPT = new Set(
  (
    "a abbr address article aside b big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure " +
    "font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike strong sub " +
    "sup table tbody td tfoot th thead tr tt u ul var"
  ).split(" "),
);

/** Left out with their content: what runs, loads, or is no text. */
const DROPPED = new Set(
  (
    "applet audio base canvas embed frame frameset iframe link math meta noembed noframes noscript object param script " +
    "select source style svg template textarea title track video"
  ).split(" "),
);

const LOADING = new Set(["applet", "audio", "embed", "frame", "iframe", "link", "object", "video"]);

const EMPTY = new Set(["br", "col", "hr", "img"]);

const KEPT_ATTRIBUTES = new Set(
  "align bgcolor border cellpadding cellspacing color colspan dir face height lang name rowspan size start title type valign value width".split(
    " ",
  ),
);

class Cleaner {
  html = "";
  readonly images: Buffer[] = [];
  leftOut = 0;

  write(node: Node): void {
    if (node.nodeName === "#text") this.html += escapeHtml((node as DefaultTreeAdapterTypes.TextNode).value);
    else if ("tagName" in node) this.#writeElement(node);
    else if ("childNodes" in node) for (const child of node.childNodes) this.write(child);
  }

  #writeElement(element: Element): void {
    const { tagName } = element;
    if (DROPPED.has(tagName) || element.namespaceURI !== names.NS.HTML) {
      if (LOADING.has(tagName)) this.leftOut += 1;
      return;
    }
    if (tagName === "img") this.#writeImage(element);
    else this.#writeKept(element);
  }

  #writeKept(element: Element): void {
    const { tagName } = element;
    const isKept = KEPT.has(tagName);
    if (isKept) this.html += `<${tagName}${this.#attributes(element)}>`;
    for (const child of element.childNodes) this.write(child);
    if (isKept && !EMPTY.has(tagName)) this.html += `</${tagName}>`;
  }

  #writeImage(element: Element): void {
    const source = attributeOf(element, "src") ?? "";
    const inline = /^data:image\/(png|jpeg|gif);base64,([A-Za-z0-9+/=\s]+)$/i.exec(source);
    if (inline === null) {
      this.leftOut += 1;
      this.html += escapeHtml(attributeOf(element, "alt") ?? "");
      return;
    }
    const bytes = Buffer.from(inline[2]!, "base64");
    this.images.push(bytes);
    const src = `data:image/${inline[1]!.toLowerCase()};base64,${bytes.toString("base64")}`;
    this.html += `<img src="${src}"${this.#attributes(element)}>`;
  }

  #attributes(element: Element): string {
    let text = "";
    for (const { name, value } of element.attrs) {
      const isLink = name === "href" && element.tagName === "a" && /^(https?:|mailto:|#)/i.test(value);
      const isAnchor = name === "id" && /^[\w-]+$/.test(value);
      if (isLink || isAnchor || KEPT_ATTRIBUTES.has(name)) text += ` ${name}="${escapeHtml(value)}"`;
      else if (name === "style") text += this.#style(value);
      else if (name === "background") this.leftOut += 1;
    }
    return text;
  }

  /** Declarations that name nothing to load: no `url()`, no escapes that could spell it. */
  #style(value: string): string {
    const declarations = value.split(";").map((declaration) => declaration.trim());
    const harmless = declarations.filter(
      (text) => /^[a-z-]+\s*:[\w\s#%.,!+()'-]*$/i.test(text) && !/url|image|expression|src/i.test(text),
    );
    if (/url\s*\(/i.test(value)) this.leftOut += 1;
    return harmless.length === 0 ? "" : ` style="${escapeHtml(harmless.join("; "))}"`;
  }
}

function attributeOf(element: Element, name: string): string | undefined {
  return element.attrs.find((attribute) => attribute.name === name)?.value;
}

/** parse5's own tree, watched while it grows: the parser's work per tag grows with the depth, and unclosed formatting multiplies. */
function boundedAdapter(): TreeAdapter<DefaultTreeAdapterMap> {
  let depth = 0;
  let elements = 0;
  return {
    ...defaultTreeAdapter,
    createElement(...facts) {
      elements += 1;
      if (elements > MAX_HTML_ELEMENTS)
        throw new ConversionError("file_too_large", `The html has more than ${MAX_HTML_ELEMENTS} elements.`);
      return defaultTreeAdapter.createElement(...facts);
    },
    onItemPush() {
      depth += 1;
      if (depth > MAX_HTML_DEPTH)
        throw new ConversionError("corrupt_file", `The html nests deeper than ${MAX_HTML_DEPTH} elements.`);
    },
    onItemPop() {
      depth -= 1;
    },
  };
}
