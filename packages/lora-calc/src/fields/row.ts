/**
 * A row of the field table: everything that is known of one field of a scenario. Types, readers, flags, the link, the page's
 * controls and the JSON Schema are made from these rows, so that a field is described once.
 */

import type { JsonObject } from "../problem/fields.js";

/** Whose name it is, and where its meaning is documented. */
export type Owner =
  | "TRL"
  | "TrainingArguments"
  | "transformers"
  | "PEFT"
  | "bitsandbytes"
  | "sentence-transformers"
  | "DeepSpeed"
  | "Unsloth"
  | "lora-calc";

/** What another value of the field changes. `refused`: it is known, and what it switches on has no program here. */
export type Effect = "counts" | "memory" | "both" | "nothing" | "refused";

export type Unit = "tokens" | "bytes" | "parameters";

/** What a field takes. `null` stands for absent everywhere. */
export type FieldType =
  | { readonly kind: "integer"; readonly min?: number; readonly max?: number }
  | { readonly kind: "number"; readonly min?: number; readonly max?: number }
  | { readonly kind: "boolean" }
  | { readonly kind: "text" }
  /** `beyond`: values that only the owner knows, refused by name. */
  | {
      readonly kind: "choice";
      readonly values: readonly string[];
      readonly beyond?: readonly string[];
    }
  | { readonly kind: "names" }
  | { readonly kind: "integers" }
  /** Fields of an object of its own. */
  | { readonly kind: "section"; readonly rows: FieldTable }
  /** An object with any names. */
  | { readonly kind: "object" }
  /** An object whose values are all of one type. */
  | { readonly kind: "map"; readonly of: FieldType }
  | { readonly kind: "either"; readonly types: readonly FieldType[] }
  | { readonly kind: "any" };

export interface FieldRow<Type extends FieldType = FieldType> {
  readonly type: Type;
  /** In plain words, without a full stop. */
  readonly text: string;
  readonly owner: Owner;
  readonly changes: Effect;
  readonly unit?: Unit;
  /** What an absent field means where no stack says otherwise. */
  readonly default?: unknown;
  /** The only value that is computed, beside null. */
  readonly only?: unknown;
  /** Spellings on the command line, the one of the help first. */
  readonly flag?: readonly string[];
  /** What the help calls its value. */
  readonly argument?: string;
}

export type FieldTable = Readonly<Record<string, FieldRow>>;

/** What a row says beside its type and text; the owner is that of its table. */
type Facts = Omit<Partial<FieldRow>, "type" | "text" | "owner">;
export type Draft<Type extends FieldType = FieldType> = Omit<FieldRow<Type>, "owner">;

function draft<const Type extends FieldType>(type: Type, text: string, facts: Facts): Draft<Type> {
  return { type, text, changes: "memory", ...facts };
}

/** The type of a kind, with whatever else it says. */
type OfKind<Kind extends FieldType["kind"]> = Extract<FieldType, { readonly kind: Kind }>;

type Range = Readonly<{ min?: number; max?: number }>;

export function integer(
  text: string,
  { min, max, ...facts }: Facts & Range = {},
): Draft<OfKind<"integer">> {
  return draft({ kind: "integer", ...rangeOf(min, max) }, text, facts);
}

export function number(
  text: string,
  { min, max, ...facts }: Facts & Range = {},
): Draft<OfKind<"number">> {
  return draft({ kind: "number", ...rangeOf(min, max) }, text, facts);
}

function rangeOf(min: number | undefined, max: number | undefined): Range {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

export function boolean(text: string, facts: Facts = {}): Draft<OfKind<"boolean">> {
  return draft({ kind: "boolean" }, text, facts);
}

export function text(words: string, facts: Facts = {}): Draft<OfKind<"text">> {
  return draft({ kind: "text" }, words, facts);
}

export function choice<const Value extends string>(
  values: readonly Value[],
  words: string,
  { beyond, ...facts }: Facts & { readonly beyond?: readonly string[] } = {},
): Draft<{
  readonly kind: "choice";
  readonly values: readonly Value[];
  readonly beyond?: readonly string[];
}> {
  return draft(
    { kind: "choice", values, ...(beyond === undefined ? {} : { beyond }) },
    words,
    facts,
  );
}

export function names(words: string, facts: Facts = {}): Draft<OfKind<"names">> {
  return draft({ kind: "names" }, words, facts);
}

/** A text (a name or a regex), or a list of names. */
export function pattern(words: string, facts: Facts = {}): Draft<PatternType> {
  return draft({ kind: "either", types: [{ kind: "text" }, { kind: "names" }] }, words, facts);
}

export interface PatternType {
  readonly kind: "either";
  readonly types: readonly [{ readonly kind: "text" }, { readonly kind: "names" }];
}

export function integers(words: string, facts: Facts = {}): Draft<OfKind<"integers">> {
  return draft({ kind: "integers" }, words, facts);
}

export function map<const Of extends FieldType>(
  of: Of,
  words: string,
  facts: Facts = {},
): Draft<{ readonly kind: "map"; readonly of: Of }> {
  return draft({ kind: "map", of }, words, facts);
}

export function either<const Types extends readonly FieldType[]>(
  types: Types,
  words: string,
  facts: Facts = {},
): Draft<{ readonly kind: "either"; readonly types: Types }> {
  return draft({ kind: "either", types }, words, facts);
}

export function section<const Rows extends FieldTable>(
  rows: Rows,
  words: string,
  facts: Facts = {},
): Draft<{ readonly kind: "section"; readonly rows: Rows }> {
  return draft({ kind: "section", rows }, words, facts);
}

export function object(words: string, facts: Facts = {}): Draft<OfKind<"object">> {
  return draft({ kind: "object" }, words, facts);
}

export function any(words: string, facts: Facts = {}): Draft<OfKind<"any">> {
  return draft({ kind: "any" }, words, facts);
}

/** Rows that change nothing here, whatever they hold: name and text. */
export function ignored<const Texts extends Readonly<Record<string, string>>>(
  texts: Texts,
): Readonly<Record<keyof Texts, Draft<OfKind<"any">>>> {
  return mapRows(texts, (words) => any(words, { changes: "nothing" }));
}

/** Rows whose owner's option has a program at one value only. */
export function only<
  const Values extends Readonly<Record<string, readonly [value: unknown, text: string]>>,
>(values: Values): Readonly<Record<keyof Values, Draft<OfKind<"any">>>> {
  return mapRows(values, ([value, words]) => any(words, { only: value }));
}

/** Rows of what is known and has no program: name and text. */
export function refused<const Names extends string>(
  list: readonly Names[],
  words: string,
): Readonly<Record<Names, RefusedDraft>> {
  const rows = list.map((name) => [name, any(words, { changes: "refused" })] as const);
  return Object.fromEntries(rows) as Readonly<Record<Names, RefusedDraft>>;
}

type RefusedDraft = Draft<OfKind<"any">> & { readonly changes: "refused" };

function mapRows<Given extends Readonly<Record<string, unknown>>, Row>(
  given: Given,
  rowOf: (value: Given[keyof Given]) => Row,
): Readonly<Record<keyof Given, Row>> {
  const rows = Object.entries(given).map(
    ([name, value]) => [name, rowOf(value as Given[keyof Given])] as const,
  );
  return Object.fromEntries(rows) as Readonly<Record<keyof Given, Row>>;
}

/** Rows with their owner. */
export function ownedBy<const Drafts extends Readonly<Record<string, Draft>>>(
  owner: Owner,
  drafts: Drafts,
): { readonly [Name in keyof Drafts]: Drafts[Name] & { readonly owner: Owner } } {
  return mapRows(drafts, (row) => ({ ...row, owner })) as never;
}

/** The TypeScript type of what a field takes. */
export type ValueOf<Row extends Pick<FieldRow, "type">> = ValueOfType<Row["type"]>;

type ValueOfType<Type extends FieldType> = Type extends {
  readonly kind: infer Kind extends SimpleKind;
}
  ? SimpleValues[Kind]
  : Type extends { readonly kind: "choice"; readonly values: readonly (infer Value)[] }
    ? Value
    : Type extends { readonly kind: "section"; readonly rows: infer Rows extends FieldTable }
      ? FieldsOf<Rows>
      : Type extends { readonly kind: "map"; readonly of: infer Of extends FieldType }
        ? Readonly<Record<string, ValueOfType<Of>>>
        : Type extends {
              readonly kind: "either";
              readonly types: infer Types extends readonly FieldType[];
            }
          ? ValueOfType<Types[number]>
          : unknown;

interface SimpleValues {
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly text: string;
  readonly names: readonly string[];
  readonly integers: readonly number[];
  readonly object: JsonObject;
}
type SimpleKind = keyof SimpleValues;

/** An object with the fields of a table, each optional; what is refused is left out. */
export type FieldsOf<Table extends FieldTable> = {
  readonly [
    Name in keyof Table as Table[Name]["changes"] extends "refused" ? never : Name
  ]?: ValueOf<Table[Name]> | null;
};
