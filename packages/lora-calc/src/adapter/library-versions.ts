/** Versions whose rules differ. */
export interface LibraryVersions {
  readonly peft: string;
  readonly transformers: string;
}
