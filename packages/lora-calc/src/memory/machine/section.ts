/** One iteration of a loop whose iterations are equal: a few are run, the rest follow from them (repeat.ts). */
export interface Section {
  readonly loop: string;
  readonly iteration: number;
}
