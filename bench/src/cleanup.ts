// What has to be undone: every process, database and directory that a run makes, undone once, newest first.

interface Step {
  name: string;
  undo: () => Promise<void>;
}

export class Cleanup {
  readonly #steps: Step[] = [];

  /** Remembers how to undo something. The returned function undoes it now; calling it twice does it once. */
  add(name: string, undo: () => Promise<void>): () => Promise<void> {
    const step: Step = { name, undo };
    this.#steps.push(step);
    return async () => {
      const at = this.#steps.indexOf(step);
      if (at === -1) return;
      this.#steps.splice(at, 1);
      await step.undo();
    };
  }

  /** Undoes what is left, newest first, and returns a line for each thing that could not be undone. */
  async runAll(): Promise<string[]> {
    const failures: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        failures.push(`${step.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return failures;
  }
}
