/** Reads the fields of an object by their rows: right type, inside the limits, or a Problem that says where. */

import { isObject, nearestOf, suggestion } from "../problem/fields.js";
import type { Fields, JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import type { FieldRow, FieldTable, FieldType, ValueOf } from "./row.js";

/** Values of the fields of a table that are given. */
export type Given<Table extends FieldTable> = {
  -readonly [Name in keyof Table]?: ValueOf<Table[Name]>;
};

/** The fields of a table that are given, in the order in which they are; null is absent. */
export function readFields<Table extends FieldTable>(fields: Fields, table: Table): Given<Table> {
  return valuesOf(fields, table) as Given<Table>;
}

function valuesOf(fields: Fields, table: FieldTable): JsonObject {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(fields.values)) {
    const row = Object.hasOwn(table, name) ? table[name] : undefined;
    const value = row === undefined ? undefined : valueOf(fields, name, row);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** One field, undefined where it is absent or null. */
export function readField<Row extends FieldRow>(
  fields: Fields,
  name: string,
  row: Row,
): ValueOf<Row> | undefined {
  return valueOf(fields, name, row) as ValueOf<Row> | undefined;
}

function valueOf(fields: Fields, name: string, { type }: FieldRow): unknown {
  switch (type.kind) {
    case "integer":
      return fields.integer(name, type);
    case "number":
      return fields.number(name, type);
    case "boolean":
      return fields.boolean(name);
    case "text":
      return fields.string(name);
    case "choice":
      return type.beyond === undefined
        ? fields.oneOf(name, type.values)
        : oneOfComputed(fields, name, type.values, type.beyond);
    case "names":
      return fields.stringList(name);
    case "integers":
      return fields.integerList(name);
    case "object":
      return fields.object(name)?.values;
    case "section": {
      const inner = fields.object(name);
      inner?.rejectUnknown(Object.keys(type.rows));
      return inner === undefined ? undefined : valuesOf(inner, type.rows);
    }
    case "map":
    case "either":
      checkType(fields, name, type);
      return fields.has(name) ? fields.get(name) : undefined;
    case "any":
      return fields.has(name) ? fields.get(name) : undefined;
  }
}

/** Stops at the first given field whose value is of another type than its row's, or outside its limits. Choices are not looked at. */
export function checkFields(fields: Fields, table: FieldTable): void {
  for (const name of Object.keys(fields.values)) {
    const row = Object.hasOwn(table, name) ? table[name] : undefined;
    if (row === undefined) continue;
    checkType(fields, name, row.type);
    if (row.type.kind === "integer" || row.type.kind === "number") fields.number(name, row.type);
  }
}

function checkType(fields: Fields, name: string, type: FieldType): void {
  const value = fields.get(name);
  if (value === undefined || value === null || isOf(type, value)) return;
  reject({
    code: "invalid_type",
    path: fields.at(name),
    message: `${fields.at(name)} must be ${wordsOf(type)}`,
    received: value,
    expected: wordsOf(type),
  });
}

function isOf(type: FieldType, value: unknown): boolean {
  switch (type.kind) {
    case "integer":
      return Number.isSafeInteger(value);
    case "number":
      return Number.isFinite(value);
    case "boolean":
      return typeof value === "boolean";
    case "text":
    case "choice":
      return typeof value === "string";
    case "names":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "integers":
      return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
    case "section":
    case "object":
      return isObject(value);
    case "map":
      return isObject(value) && Object.values(value).every((item) => isOf(type.of, item));
    case "either":
      return type.types.some((one) => isOf(one, value));
    case "any":
      return true;
  }
}

const WORDS: Readonly<Record<Exclude<FieldType["kind"], "map" | "either">, string>> = {
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  text: "a text",
  choice: "a text",
  names: "a list of texts",
  integers: "a list of whole numbers",
  section: "an object",
  object: "an object",
  any: "anything",
};

function wordsOf(type: FieldType): string {
  if (type.kind === "either") return type.types.map(wordsOf).join(" or ");
  if (type.kind === "map") return `an object, each value of which is ${wordsOf(type.of)}`;
  return WORDS[type.kind];
}

/** A choice among the values that are computed; values that only their owner knows are `unsupported`. */
export function oneOfComputed(
  fields: Fields,
  name: string,
  computed: readonly string[],
  known: readonly string[],
): string | undefined {
  const value = fields.string(name);
  if (value === undefined || computed.includes(value)) return value;
  const isKnown = known.includes(value);
  reject({
    code: isKnown ? "unsupported" : "invalid_value",
    path: fields.at(name),
    message: isKnown
      ? `${fields.at(name)} ${value} has no program here yet; computed are ${computed.join(", ")}`
      : `${fields.at(name)} must be one of ${computed.join(", ")}${suggestion(value, computed)}`,
    received: value,
    expected: computed,
    ...nearestOf(value, computed),
  });
}

/** Whether a field stands at the only value of its row. */
export function isNeutral(fields: Fields, name: string, table: FieldTable): boolean {
  if (!Object.hasOwn(table, name)) return false;
  const neutral = table[name]?.only;
  const value = fields.get(name);
  return value === null || value === neutral || isEmpty(value, neutral);
}

/** Stops at the first field of a table that has another value than its only one. */
export function rejectUncomputed(fields: Fields, table: FieldTable): void {
  for (const name of Object.keys(fields.values)) {
    if (!Object.hasOwn(table, name) || !fields.has(name) || isNeutral(fields, name, table))
      continue;
    const neutral = table[name]?.only;
    const shown = JSON.stringify(neutral === "" ? null : neutral);
    reject({
      code: "unsupported",
      path: fields.at(name),
      message: `${fields.at(name)} changes memory and has no program here yet; only ${shown} is computed`,
      received: fields.get(name),
      expected: shown,
    });
  }
}

/** Lists and objects without content say as little as an empty text; false and 0 switch off alike. */
function isEmpty(value: unknown, neutral: unknown): boolean {
  if (neutral === 0 || neutral === "") {
    if (value === false || value === 0) return true;
  }
  return neutral === "" && typeof value === "object" && Object.keys(value ?? {}).length === 0;
}
