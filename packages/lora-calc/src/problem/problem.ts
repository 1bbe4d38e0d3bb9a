/** What is wrong with an input, as data; nothing here prints. Its message is written where the input is read. */

import type { ProblemCode } from "./codes.js";

/** One reason why an input has no answer. */
export interface Problem {
  /** Stable identifier from the published list in codes.ts. */
  readonly code: ProblemCode;
  /** Where: dotted path in the scenario, for example `adapter.target_modules`. */
  readonly path: string;
  /** A sentence: what is wrong and how to mend it. */
  readonly message: string;
  /** The value that was given, shortened when it is long. */
  readonly received?: unknown;
  /** What is allowed in this place. */
  readonly expected?: unknown;
  /** The allowed value nearest to what was given, or the known name of an unknown field; absent where none is near. */
  readonly nearest?: unknown;
}

/** Carries a Problem from the place that finds it to the border of the library, which returns it as data. */
export class InputError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.name = "InputError";
    this.problem = problem;
  }
}

const MAX_RECEIVED_LENGTH = 200;

/** Stops the computation with a Problem. */
export function reject(problem: Problem): never {
  throw new InputError({
    ...problem,
    ...("received" in problem ? { received: shorten(problem.received) } : {}),
  });
}

/** The value itself, or its first 200 characters as text when printing it would flood the reader. */
function shorten(value: unknown): unknown {
  // JSON.stringify gives undefined for what JSON cannot hold, whatever its type says.
  const text = typeof value === "string" ? value : (JSON.stringify(value) as string | undefined);
  if (text === undefined || text.length <= MAX_RECEIVED_LENGTH) return value;
  return `${text.slice(0, MAX_RECEIVED_LENGTH)}…`;
}
