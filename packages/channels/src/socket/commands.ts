// Commands of one connection that are under way: many at once, so that they share commits, and never more than so many.

export interface Commands {
  /**
   * Begins one.
   *
   * @param work Never rejects.
   * @returns where no more may begin now, resolves when one may.
   */
  begin(work: Promise<void>): Promise<void> | undefined;
  /** Resolves when none is under way. */
  idle(): Promise<void>;
}

/** A submit under way holds its parameters: 64 of the largest are 64 MiB, and few are large. */
const MOST_UNDER_WAY = 64;

export function createCommands(most: number = MOST_UNDER_WAY): Commands {
  const running = new Set<Promise<void>>();
  return {
    begin(work) {
      running.add(work);
      void work.then(() => running.delete(work));
      return running.size < most ? undefined : Promise.race(running);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
