// What the exchanges and queues are called.

export interface Names {
  /** Topic exchange of the events; routing key `<event type>.<job type>`. */
  readonly events: string;
  /** Queue of the submits. */
  readonly submit: string;
  /** Exchange of what was put aside. */
  readonly dead: string;
  /** Queue of the submits that were put aside. */
  readonly submitDead: string;
}

export function namesOf(prefix: string): Names {
  return {
    events: `${prefix}.events`,
    submit: `${prefix}.submit`,
    dead: `${prefix}.dead`,
    submitDead: `${prefix}.submit.dead`,
  };
}
