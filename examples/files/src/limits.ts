// How much one file may ask for. Every number carries its reason.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Decoded, a pixel takes up to 4 bytes here: 400 MB. A photo of the largest cameras in use has 100 to 150 megapixels. */
export const MAX_PIXELS = 100_000_000;

/** Pages of one image file (tiff, animation) that become pages of a pdf: more is a scan archive, not an image. */
export const MAX_IMAGE_PAGES = 500;

/** Encoded bytes of one image. The pixel limit is the real one; this bounds formats that are read into memory whole. */
export const MAX_IMAGE_BYTES = 200 * MIB;

/** An svg is a program for a renderer. Drawings are well below; larger ones are traced photos that take minutes. */
export const MAX_SVG_BYTES = 10 * MIB;

/** One image may compute for this long. A 100 megapixel avif, the slowest pair, takes most of a minute on two cores. */
export const IMAGE_TIMEOUT_SECONDS = 120;

/** What a zip container (xlsx, docx, odt) may unpack to in all. The largest sheet Excel itself can open is about this. */
export const MAX_UNZIPPED_BYTES = 2 * 1024 * MIB;

/** Documents are loaded into LibreOffice whole, with everything that they hold: less than for a sheet, which is streamed. */
export const MAX_UNZIPPED_DOCUMENT_BYTES = 300 * MIB;

/** XML of office files packs 10:1 to 50:1; deflate ends at 1032:1. Judged per container above the floor below. */
export const MAX_UNZIP_RATIO = 200;

/** Below this size a high ratio does no harm: an empty sheet with much formatting is legal. */
export const UNZIP_RATIO_FLOOR_BYTES = 20 * MIB;

/** Files in one container; a document has one per image and a dozen besides. */
export const MAX_ZIP_ENTRIES = 10_000;

/** The sheet format's own limits: a file beyond them does not open. */
export const MAX_XLSX_ROWS = 1_048_576;
export const MAX_XLSX_COLUMNS = 16_384;
export const MAX_XLSX_CELL_CHARACTERS = 32_767;

/** Texts that a workbook shares between cells are the one part of it that must be in memory while its rows are read. */
export const MAX_SHARED_TEXT_CHARACTERS = 128 * MIB;

/** One row of csv, or one object of json. An unclosed quote would otherwise take the rest of the file for one cell. */
export const MAX_ROW_CHARACTERS = 4 * MIB;

/** A sheet names a text once and may show it in each of its billion cells; a long key repeats in every json object. */
export const MAX_TABLE_OUTPUT_BYTES = 2 * 1024 * MIB;

/** The small parts of a workbook (names of sheets, cell styles): read whole. Those of huge workbooks have a few megabytes. */
export const MAX_WORKBOOK_PART_BYTES = 32 * MIB;

/** Columns of a table while it is read, for all targets: every row may be this wide. */
export const MAX_COLUMNS = MAX_XLSX_COLUMNS;

/** How deep json may nest before it is refused unread. Tables need 2; anything above is refused anyway, with a better sentence. */
export const MAX_JSON_DEPTH = 32;

/** Plain text is laid out whole by LibreOffice: 20 MB are some ten thousand pages. */
export const MAX_TEXT_BYTES = 20 * MIB;

/** Markdown and html are parsed in one go, during which the worker cannot say that it lives: well under a second for this much. */
export const MAX_MARKUP_BYTES = 4 * MIB;

/** A book's worth of Markdown takes some 3 s; longer is a text made to keep the parser busy. */
export const MARKDOWN_TIMEOUT_MS = 20_000;

/** Forty times the largest text that is read. */
export const MARKDOWN_MEMORY_MIB = 512;

/** How deep html elements may nest: real pages stay below 100, and what follows recurses. */
export const MAX_HTML_DEPTH = 400;

/** Elements of one page. A parser repeats unclosed formatting in each paragraph, so a few bytes could become hundreds of elements. */
export const MAX_HTML_ELEMENTS = 500_000;

/** How deep the XML of an office file may nest; the deepest legal ones (tables in tables) stay below 200. */
export const MAX_XML_DEPTH = 1_000;

/** The text of an office document, searched for links: a thousand pages have about 20 MB of XML. */
export const MAX_DOCUMENT_PART_BYTES = 200 * MIB;

/** LibreOffice takes some 400 MB of address space to start and grows with the document. */
export const SOFFICE_MEMORY_KIB = 6 * 1024 * 1024;

/** LibreOffice starts in about 3 s and lays out some 100 pages a second. */
export const SOFFICE_TIMEOUT_MS = 180_000;

/** An evening's recording. Beyond, one attempt holds a worker for most of a day. */
export const MAX_MEDIA_SECONDS = 6 * 3600;

/** A frame of 8K video has 33 megapixels. */
export const MAX_VIDEO_PIXELS = 36_000_000;

/** Reading the properties of a media file takes milliseconds; longer is a file made to keep the reader busy. */
export const PROBE_TIMEOUT_MS = 30_000;

/** Of a tool's complaints only the end is kept: it goes to the log, and a broken file produces them by the megabyte. */
export const TOOL_OUTPUT_CHARACTERS = 8 * KIB;
