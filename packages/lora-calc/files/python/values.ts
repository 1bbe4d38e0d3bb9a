/** Values while a text is followed: what leaves it is a PythonValue, what stays is a function, a class or a parser of arguments. */

import type { PythonCall, PythonValue } from "lora-calc";
import type { SyntaxNode } from "@lezer/common";

export type Inner =
  | Exclude<PythonValue, { readonly kind: "list" | "dict" }>
  | { readonly kind: "list"; readonly items: readonly Inner[] }
  | { readonly kind: "dict"; readonly entries: Fields }
  | { readonly kind: "function"; readonly definition: SyntaxNode; readonly scope: Scope }
  | {
      readonly kind: "class";
      readonly name: string;
      readonly base: Inner | undefined;
      readonly fields: Fields;
    }
  | { readonly kind: "object"; readonly fields: Fields }
  | {
      readonly kind: "parser";
      readonly options: Map<string, Inner>;
      readonly classes: readonly Inner[];
    };

export type Fields = ReadonlyMap<string, Inner>;

/** Names of a function, a class or the file. */
export class Scope {
  names = new Map<string, Inner>();
  readonly returned: Inner[] = [];
  readonly parent: Scope | undefined;
  /** The function that is followed with its defaults, because nobody calls it. */
  readonly inDefaultsOf: string | undefined;

  constructor(parent?: Scope, inDefaultsOf?: string) {
    this.parent = parent;
    this.inDefaultsOf = inDefaultsOf;
  }

  get(name: string): Inner | undefined {
    return this.names.get(name) ?? this.parent?.get(name);
  }
}

export const data = (value: unknown): Inner => ({ kind: "data", value });
export const unknown = (text: string, why: string): PythonValue => ({
  kind: "unknown",
  text: text.replaceAll(/\s+/g, " ").slice(0, MAX_SHOWN),
  why,
});
const MAX_SHOWN = 60;

export function listOf(items: readonly Inner[]): Inner {
  return items.every((item) => item.kind === "data")
    ? data(items.map(({ value }) => value))
    : { kind: "list", items };
}

export function dictOf(entries: Fields): Inner {
  return { kind: "dict", entries };
}

/** Parts of a dict; undefined for what is none. */
export function entriesOf(value: Inner): Fields | undefined {
  if (value.kind === "dict") return value.entries;
  if (value.kind === "object") return value.fields;
  if (value.kind !== "data" || !isRecord(value.value)) return undefined;
  return new Map(
    Object.entries(value.value).map(([key, each]) => [key, { kind: "data", value: each }]),
  );
}

export function itemsOf(value: Inner): readonly Inner[] | undefined {
  if (value.kind === "list") return value.items;
  if (value.kind !== "data" || !Array.isArray(value.value)) return undefined;
  return value.value.map((each: unknown) => ({ kind: "data", value: each }));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As it stands in the argument of a call. */
export function leaving(value: Inner): PythonValue {
  if (value.kind === "function" || value.kind === "parser")
    return unknown("a function", "is no data");
  if (value.kind === "class") return { kind: "name", name: value.name };
  if (value.kind === "object") return unknown("an object", "is of a class of this file");
  if (value.kind === "list") return { kind: "list", items: value.items.map(leaving) };
  if (value.kind === "dict")
    return {
      kind: "dict",
      entries: new Map([...value.entries].map(([key, each]) => [key, leaving(each)])),
    };
  return value;
}

/** Python's truth; undefined where only a run can tell. */
export function truthOf(value: Inner): boolean | undefined {
  if (value.kind === "object" || value.kind === "function") return true;
  if (value.kind === "list") return value.items.length > 0;
  if (value.kind === "dict") return value.entries.size > 0;
  if (value.kind !== "data") return undefined;
  const { value: plain } = value;
  if (Array.isArray(plain)) return plain.length > 0;
  if (isRecord(plain)) return Object.keys(plain).length > 0;
  return Boolean(plain);
}

/** One value whichever way was taken, or what only a run can tell. */
export function joined(values: readonly (Inner | undefined)[], name: string, at: string): Inner {
  const [first] = values;
  const isOne =
    first !== undefined && values.every((each) => each !== undefined && isSame(first, each));
  return isOne ? first : unknown(name, `is set on a condition at ${at}`);
}

function isSame(left: Inner, right: Inner): boolean {
  if (left === right) return true;
  if (left.kind === "data" && right.kind === "data")
    return JSON.stringify(left.value) === JSON.stringify(right.value);
  if (left.kind === "name" && right.kind === "name") return left.name === right.name;
  return (
    left.kind === "call" &&
    right.kind === "call" &&
    left.call === right.call &&
    left.item === right.item
  );
}

/** A call with arguments that were set on its result afterwards: `args.max_length = 512`. */
export function withKeyword(call: PythonCall, name: string, value: Inner): PythonCall {
  return { ...call, keywords: new Map([...call.keywords, [name, leaving(value)]]) };
}
