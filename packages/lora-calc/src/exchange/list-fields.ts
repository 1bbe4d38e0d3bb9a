/** The table of fields as one list, with what each stack takes where a field is absent. */

import type { FieldRow, FieldTable } from "../fields/row.js";
import { SECTIONS, TOP_FIELDS } from "../fields/scenario.js";
import { listStacks } from "../stacks/stacks.js";

/** One field of a scenario. */
export interface Field extends FieldRow {
  /** `training.max_length`, or a name at the top. */
  readonly path: string;
  /** Stacks that take something else than `default`, by id. */
  readonly defaultByStack: Readonly<Record<string, unknown>>;
}

/**
 * Every field of a scenario, section by section: name, owner, type, unit, default, what it changes, text in plain words.
 *
 * Example: listFields().find(({ path }) => path === "training.max_length")?.unit // "tokens"
 */
export function listFields(): readonly Field[] {
  const sections: readonly (readonly [string, FieldTable])[] = Object.entries(SECTIONS);
  return [
    ...fieldsOf("", TOP_FIELDS),
    ...sections.flatMap(([section, table]) => fieldsOf(`${section}.`, table)),
  ];
}

function fieldsOf(prefix: string, table: FieldTable): readonly Field[] {
  return Object.entries(table).map(([name, row]) => ({
    ...row,
    path: prefix + name,
    defaultByStack: prefix === "training." ? defaultsByStack(name) : {},
  }));
}

function defaultsByStack(name: string): Readonly<Record<string, unknown>> {
  const own = listStacks().flatMap(({ id, training }) => {
    const values: Readonly<Record<string, unknown>> = training;
    return Object.hasOwn(values, name) ? [[id, values[name]] as const] : [];
  });
  return Object.fromEntries(own);
}
