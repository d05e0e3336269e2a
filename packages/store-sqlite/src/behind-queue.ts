// Puts a synchronous room behind the work queue: the same methods, with promises.
import type { Synchronous } from "./synchronous.js";
import type { WorkQueue } from "./work-queue.js";

/** What each method does to the file; a port that gains a method does not compile until it is named here. */
export type MethodKinds<Part> = { readonly [Method in keyof Part]: "read" | "write" };

export function behindQueue<Part>(room: Synchronous<Part>, kinds: MethodKinds<Part>, queue: WorkQueue): Part {
  const methods = Object.entries(kinds).map(([name, kind]) => {
    const work = room[name as keyof Part] as (...values: readonly unknown[]) => unknown;
    const method = (...values: readonly unknown[]) => queue[kind as "read" | "write"](() => work(...values));
    return [name, method] as const;
  });
  return Object.fromEntries(methods) as Part;
}
