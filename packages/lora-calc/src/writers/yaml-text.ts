/**
 * Plain values as YAML that a reader of YAML 1.1 (PyYAML, which most trainers use) and one of 1.2 read alike: a float has a
 * point in its mantissa, and a text is quoted unless it cannot be taken for anything else.
 *
 * Source: yaml.org type repository (bool, float, int, timestamp of 1.1), PyYAML 6 resolver.py.
 */

import { quotedText } from "../exchange/python-literal.js";
import { isObject } from "../problem/fields.js";

/** Letters first, and nothing that a reader could take for a mark, a number, a date or a comment. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_.+-]*(?:\/[A-Za-z0-9_.+-]+)*$/;
/** What 1.1 reads as a boolean or nothing, and what 1.2 does. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null|none|nan|inf)$/i;
/** Characters that a reader refuses, changes, or shows without their being seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}\u{feff}]/gu;

/** Example: yamlText({ r: 16, learning_rate: 2e-7 }) // "r: 16\nlearning_rate: 2.0e-7\n" */
export function yamlText(value: Readonly<Record<string, unknown>>): string {
  return `${linesOf(value, "").join("\n")}\n`;
}

function linesOf(value: Readonly<Record<string, unknown>>, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const name = `${indent}${scalarText(key)}:`;
    if (isObject(item) && Object.keys(item).length > 0)
      return [name, ...linesOf(item, `${indent}  `)];
    if (Array.isArray(item) && item.some(isObject)) return [name, ...itemsOf(item, indent)];
    return [`${name} ${inlineText(item)}`];
  });
}

/** Objects of a list, each behind a dash; their first key stands on its line. */
function itemsOf(list: readonly unknown[], indent: string): readonly string[] {
  return list.flatMap((item) => {
    if (!isObject(item) || Object.keys(item).length === 0)
      return [`${indent}  - ${inlineText(item)}`];
    const [first = "", ...rest] = linesOf(item, `${indent}    `);
    return [`${indent}  - ${first.trimStart()}`, ...rest];
  });
}

function inlineText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineText).join(", ")}]`;
  if (isObject(value)) {
    const pairs = Object.entries(value).map(
      ([key, item]) => `${scalarText(key)}: ${inlineText(item)}`,
    );
    return `{${pairs.join(", ")}}`;
  }
  return scalarText(value);
}

function scalarText(value: unknown): string {
  if (typeof value === "string") {
    return PLAIN.test(value) && !WORDS.test(value) ? value : quotedText(value, UNSEEN);
  }
  if (typeof value === "number") return numberText(value);
  return value === undefined ? "null" : JSON.stringify(value);
}

/** 1.1 reads 2e-7 and 1e+21 as texts. */
function numberText(value: number): string {
  const text = String(value);
  return /^-?\d+e/.test(text) ? text.replace("e", ".0e") : text;
}
