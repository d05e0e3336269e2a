// Lets the compiler find the arm that a switch forgot.

export function assertNever(value: never): never {
  throw new TypeError(`No arm for ${JSON.stringify(value)}.`);
}
