/** Which layers of a model are run, and how the others follow from them. */

/** The elements of one ModuleList that are run. */
export interface LayerSample {
  /** Path of the ModuleList. */
  readonly path: string;
  /** Real indices of the elements that are run, ascending. */
  readonly indices: readonly number[];
}
