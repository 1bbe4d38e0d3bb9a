/** Reads a JSON or YAML document. YAML's parser is loaded only when a text needs it. */

import { InputError, parseJson } from "lora-calc";
import { readText } from "./read-text.js";
import type { SourceText } from "./read-text.js";

/** A document and the name of its source for messages. */
export interface SourceDocument {
  readonly name: string;
  /** Plain data, unchecked. */
  readonly value: unknown;
  /** The same as Python reads it, where a trainer does: yes, no, on and off are booleans there. */
  readonly asPython: unknown;
  /** Line of each key at the top of a YAML text, from 1; empty for JSON. */
  readonly lines: ReadonlyMap<string, number>;
}

/**
 * The file at `path`, parsed; config.json or adapter_config.json in it when it is a folder; stdin for "-". By its name YAML
 * where that ends in .yaml or .yml, else JSON; stdin is what its first character says.
 *
 * Rejects with an InputError: unreadable_file, invalid_json, invalid_yaml, limit_exceeded.
 */
export async function readDocument(path: string): Promise<SourceDocument> {
  const source = await readText(path);
  return { name: source.name, ...(await parseDocument(source)) };
}

async function parseDocument({ name, text }: SourceText): Promise<Omit<SourceDocument, "name">> {
  const isYaml = /\.ya?ml$/i.test(name) || (name === "stdin" && !/^\s*[[{]/.test(text));
  if (!isYaml) {
    const value = parseJson(text, name);
    return { value, asPython: value, lines: new Map() };
  }
  const { linesOfKeys, parsePythonYaml, parseYaml } = await import("./parse-yaml.js");
  const value = parseYaml(text, name);
  return { value, asPython: asPython(), lines: linesOfKeys(text) };

  /** A scenario need not be what 1.1 takes; a merge of what is no map stands there as a key. */
  function asPython(): unknown {
    try {
      return parsePythonYaml(text, name);
    } catch (error) {
      if (error instanceof InputError) return value;
      throw error;
    }
  }
}
