/** Python's operators on plain data; undefined where only a run can tell. */

import type { Inner } from "./values.js";
import { data, dictOf, entriesOf, itemsOf, listOf, truthOf } from "./values.js";

type Arithmetic = (left: number, right: number) => number;

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "//": (left, right) => Math.floor(left / right),
  "%": (left, right) => left - right * Math.floor(left / right),
  "**": (left, right) => left ** right,
};

const ORDER: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
};

export function binary(left: Inner, operator: string, right: Inner): Inner | undefined {
  if (operator === "and" || operator === "or") return either(left, operator, right);
  const joinedUp = joinedLists(left, operator, right);
  if (joinedUp !== undefined) return joinedUp;
  if (left.kind !== "data" || right.kind !== "data") return undefined;
  const [one, other] = [left.value, right.value];
  if (typeof one === "string" && typeof other === "string" && operator === "+")
    return data(one + other);
  const same = sameness(operator, one, other);
  if (same !== undefined) return data(same);
  if (typeof one !== "number" || typeof other !== "number") return undefined;
  const order = ORDER[operator];
  if (order !== undefined) return data(order(one, other));
  const value = ARITHMETIC[operator]?.(one, other);
  return value === undefined || !Number.isFinite(value) ? undefined : data(value);
}

function either(left: Inner, operator: string, right: Inner): Inner | undefined {
  const truth = truthOf(left);
  if (truth === undefined) return undefined;
  return truth === (operator === "or") ? left : right;
}

function joinedLists(left: Inner, operator: string, right: Inner): Inner | undefined {
  if (operator === "+") {
    const [items, more] = [itemsOf(left), itemsOf(right)];
    if (items !== undefined && more !== undefined) return listOf([...items, ...more]);
  }
  if (operator !== "|") return undefined;
  const [entries, more] = [entriesOf(left), entriesOf(right)];
  return entries === undefined || more === undefined
    ? undefined
    : dictOf(new Map([...entries, ...more]));
}

function sameness(operator: string, one: unknown, other: unknown): boolean | undefined {
  if (operator === "==" || operator === "is") return JSON.stringify(one) === JSON.stringify(other);
  if (operator === "!=" || operator === "is not")
    return JSON.stringify(one) !== JSON.stringify(other);
  if (operator !== "in" && operator !== "not in") return undefined;
  const isIn = contains(other, one);
  return isIn === undefined ? undefined : isIn === (operator === "in");
}

function contains(holder: unknown, value: unknown): boolean | undefined {
  if (typeof holder === "string")
    return typeof value === "string" ? holder.includes(value) : undefined;
  if (Array.isArray(holder)) return holder.includes(value);
  if (typeof holder !== "object" || holder === null || typeof value !== "string") return undefined;
  return Object.hasOwn(holder, value);
}

export function unary(operator: string, value: Inner): Inner | undefined {
  if (operator === "not") {
    const truth = truthOf(value);
    return truth === undefined ? undefined : data(!truth);
  }
  if (value.kind !== "data" || typeof value.value !== "number") return undefined;
  return operator === "-" ? data(-value.value) : operator === "+" ? value : undefined;
}
