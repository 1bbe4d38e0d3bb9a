/** What is told of a PEFT method beside its counts. */
export interface MethodFacts {
  /** PEFT's name of it in `peft_type`. */
  readonly peftType: string;
  /** Class of its configuration in Python. */
  readonly configClass: string;
  /** What it trains, in the usual case. */
  readonly formula: string;
}
