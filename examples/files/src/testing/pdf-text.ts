// For tests: what a reader of a pdf sees, by an independent implementation.
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

export interface PdfPage {
  readonly text: string;
  readonly widthPoints: number;
  readonly heightPoints: number;
}

export async function readPdf(bytes: Uint8Array): Promise<readonly PdfPage[]> {
  const task = getDocument({ data: new Uint8Array(bytes), useSystemFonts: false, verbosity: 0 });
  const pdf = await task.promise;
  try {
    const pages: PdfPage[] = [];
    for (let number = 1; number <= pdf.numPages; number += 1) {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      const { width, height } = page.getViewport({ scale: 1 });
      const text = items.map((item) => ("str" in item ? item.str : "")).join(" ");
      pages.push({ text: text.replace(/\s+/g, " "), widthPoints: width, heightPoints: height });
    }
    return pages;
  } finally {
    await task.destroy();
  }
}
