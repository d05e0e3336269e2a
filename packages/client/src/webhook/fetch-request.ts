// The body of a request as Fetch has it.
import { createPieces } from "./body-pieces.js";

/** @throws BodyTooLargeError. */
export async function readFetchText({ body }: Pick<Request, "body">, maxBytes: number): Promise<string> {
  const pieces = createPieces(maxBytes);
  const reader = body?.getReader();
  try {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) pieces.add(next.value);
  } catch (error) {
    await reader?.cancel(error).catch(() => {}); // Whoever sends on is told to stop; that this may fail changes nothing.
    throw error;
  }
  return new TextDecoder().decode(pieces.joined());
}
