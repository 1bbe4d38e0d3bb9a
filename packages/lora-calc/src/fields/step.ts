/** The values that a step is computed from, complete: every field of STEP_FIELDS. */

import type { FieldTable, ValueOf } from "./row.js";
import { STEP_FIELDS } from "./training.js";

type Given = {
  readonly [Name in keyof typeof STEP_FIELDS]: ValueOf<(typeof STEP_FIELDS)[Name]>;
};

/** What a base is in once it is loaded. */
export type LoadDtype = Exclude<Given["dtype"], "auto">;

/** Every field of a step, with the value in force. */
export type StepValues = Omit<Given, "dtype"> & { readonly dtype: LoadDtype };

/** What holds when neither the scenario nor a stack says otherwise. */
export const DEFAULT_STEP = defaultsOf(STEP_FIELDS) as StepValues;

function defaultsOf(table: FieldTable): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, row.default]));
}
