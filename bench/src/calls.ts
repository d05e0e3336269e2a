// Calls over the IPC channel of a forked process: the shape of the messages, and the answering side.

export interface Call {
  id: number;
  method: string;
  parameters: unknown;
}

export type Answer = { id: number; result: unknown } | { id: number; error: string };

/** A table of methods, each with one parameter object and a promise of plain JSON. */
export type ParameterOf<Method> = Method extends (parameters: infer Parameters) => unknown ? Parameters : never;
export type ResultOf<Method> = Method extends (parameters: never) => Promise<infer Result> ? Result : never;

/** Answers the parent's calls until the parent goes away; then this process has nothing left to do and ends. */
export function answerCalls<Methods extends object>(methods: Methods): void {
  // Ctrl-C reaches the whole process group; the parent decides the order in which things end.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(0));
  process.on("message", (call: Call) => void answer(methods, call));
}

async function answer(methods: object, call: Call): Promise<void> {
  send(await outcome(methods, call));
}

async function outcome(methods: object, call: Call): Promise<Answer> {
  const method: unknown = Reflect.get(methods, call.method);
  if (typeof method !== "function") return { id: call.id, error: `No method "${call.method}" in this process.` };
  try {
    return { id: call.id, result: await method.call(methods, call.parameters) };
  } catch (error) {
    return { id: call.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function send(message: Answer): void {
  if (process.connected) process.send?.(message);
}
