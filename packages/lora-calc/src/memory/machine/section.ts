/** One iteration of a loop whose iterations are equal: a few are run, the rest is written from them (memory/repeat). */
export interface Section {
  readonly loop: string;
  readonly iteration: number;
}
