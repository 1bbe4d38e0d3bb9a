/** Versions whose rules differ. */
export interface LibraryVersions {
  readonly peft: string;
  readonly transformers: string;
}

/** Whether transformers is of the fifth generation. Example: isSince5({ peft: "0.21.0", transformers: "5.18.0" }) // true */
export function isSince5({ transformers }: LibraryVersions): boolean {
  return Number.parseInt(transformers, 10) >= 5;
}
