// Markdown to html, in a thread of its own: some texts of a few kilobytes keep the parser busy for minutes, and a thread can be ended.
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { ConversionError } from "../conversion-error.js";
import { MARKDOWN_MEMORY_MIB, MARKDOWN_TIMEOUT_MS } from "../limits.js";

/**
 * The html may hold whatever html the text held: it must be cleaned.
 *
 * @throws ConversionError `conversion_timeout`; `corrupt_file` where the text exhausts the parser; the signal's reason.
 */
export async function markdownToHtml(source: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { parser: createRequire(import.meta.url).resolve("marked"), source },
    resourceLimits: { maxOldGenerationSizeMb: MARKDOWN_MEMORY_MIB },
    // Nothing of the worker's environment, and no loaders of the process that started it.
    env: {},
    execArgv: [],
  });
  const timeout = AbortSignal.timeout(MARKDOWN_TIMEOUT_MS);
  try {
    return await answerOf(worker, AbortSignal.any([signal, timeout]));
  } catch (cause) {
    signal.throwIfAborted();
    if (timeout.aborted)
      throw new ConversionError(
        "conversion_timeout",
        `The Markdown took longer than ${MARKDOWN_TIMEOUT_MS / 1000} s to read.`,
      );
    throw new ConversionError("corrupt_file", "The Markdown cannot be read: it nests too deep.", { cause });
  } finally {
    await worker.terminate();
  }
}

/** As text, so that it runs alike from the sources and from the built package. */
const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
import(require("node:url").pathToFileURL(workerData.parser)).then(({ marked }) =>
  parentPort.postMessage(marked.parse(workerData.source, { async: false, gfm: true })));
`;

function answerOf(worker: Worker, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`The thread ended with ${code} before it answered.`)));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
