// What has to be undone: every process, database and directory that a run makes, undone once, newest first.

interface Step {
  name: string;
  undo: () => Promise<void>;
  /** There as soon as somebody has begun to undo it; whoever else asks waits for the same. */
  undone?: Promise<void>;
}

export class Cleanup {
  #steps: Step[] = [];

  /** Remembers how to undo something. */
  add(name: string, undo: () => Promise<void>): void {
    this.#steps.push({ name, undo });
  }

  /**
   * Undoes everything, newest first, whatever fails on the way; called twice, it does it once.
   *
   * @throws Error naming each thing that could not be undone.
   */
  async undo(): Promise<void> {
    const failures: string[] = [];
    const steps = [...this.#steps].reverse();
    for (const step of steps) {
      try {
        step.undone ??= step.undo();
        await step.undone;
      } catch (error) {
        failures.push(`${step.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    // What was added meanwhile is for the next call.
    this.#steps = this.#steps.filter((step) => !steps.includes(step));
    if (failures.length > 0) throw new Error(`Could not undo ${failures.join("; ")}`);
  }
}
