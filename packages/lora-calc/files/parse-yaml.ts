/** Reads YAML; loaded only when a file needs it. */

import { InputError, MAX_DEPTH, reject } from "lora-calc";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import type { DocumentOptions, ParseOptions, SchemaOptions } from "yaml";

/** More than any configuration uses; stops texts that grow by referring to themselves. */
const MAX_ALIASES = 100;

/** What is no plain data: dates and the like, which a configuration does not have. */
const NOT_PLAIN = /:(?:timestamp|binary|set|omap|pairs)$/;

/** YAML 1.1 takes y and n for booleans, too; PyYAML does not. Source: PyYAML 6 resolver.py. */
const LETTER = /^[yn]$/i;

/** As Python reads it: by YAML 1.1, in which yes, no, on and off are booleans. */
const AS_PYTHON: Options = {
  version: "1.1",
  customTags: (tags) => tags.flatMap((tag) => (typeof tag === "string" ? [tag] : plainTag(tag))),
};

function plainTag(tag: Exclude<TagOf, string>): readonly TagOf[] {
  if (NOT_PLAIN.test(tag.tag)) return [];
  const { test } = "test" in tag ? tag : { test: undefined };
  if (!tag.tag.endsWith(":bool") || test === undefined) return [tag];
  const words = new RegExp(`(?!${LETTER.source})${test.source}`, test.flags);
  return [{ ...tag, test: words } as TagOf];
}

type TagOf = Parameters<Extract<SchemaOptions["customTags"], (tags: never) => unknown>>[0][number];

type Options = ParseOptions & DocumentOptions & SchemaOptions;

/** The value of a YAML text as plain data. `name` names the text in messages. */
export function parseYaml(text: string, name: string): unknown {
  return plainValue(text, name, {});
}

/** The same as a trainer's file, which PyYAML reads. */
export function parsePythonYaml(text: string, name: string): unknown {
  return plainValue(text, name, AS_PYTHON);
}

function plainValue(text: string, name: string, options: Options): unknown {
  const value = yamlValue(text, name, options);
  if (depthOf(value) > MAX_DEPTH) rejectDepth(name);
  return value;
}

function yamlValue(text: string, name: string, options: Options): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: true, ...options });
    const [error] = document.errors;
    if (error === undefined) return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
    if (error.message.includes("call stack")) rejectDepth(name);
    rejectYaml(name, error.message.split("\n")[0] ?? "");
  } catch (error) {
    if (error instanceof RangeError) rejectDepth(name);
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    // References to nothing, and merges of what is no map.
    rejectYaml(name, error.message);
  }
}

/** Levels of nesting, counted no further than the limit. */
function depthOf(value: unknown, level = 0): number {
  if (typeof value !== "object" || value === null || level > MAX_DEPTH) return level;
  return Math.max(level + 1, ...Object.values(value).map((item) => depthOf(item, level + 1)));
}

function rejectYaml(name: string, reason: string): never {
  reject({
    code: "invalid_yaml",
    path: "",
    message: `${name} is not YAML: ${reason.replace(/:$/, "")}`,
    expected: "YAML or JSON",
  });
}

function rejectDepth(name: string): never {
  reject({
    code: "limit_exceeded",
    path: "",
    message: `${name} is nested deeper than ${MAX_DEPTH} levels`,
    expected: `at most ${MAX_DEPTH} levels`,
  });
}

/** Where the keys at the top of a YAML text stand, from 1. A text that does not parse has none. */
export function linesOfKeys(text: string): ReadonlyMap<string, number> {
  const lineCounter = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter });
  const lines = new Map<string, number>();
  if (!isMap(contents)) return lines;
  for (const { key } of contents.items) {
    if (!isScalar(key)) continue;
    lines.set(String(key.value), lineCounter.linePos(key.range[0]).line);
  }
  return lines;
}
