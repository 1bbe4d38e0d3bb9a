/** Library versions as inputs: their rules for counting and for module names differ. */

import type { Fields } from "./problem/fields.js";
import { reject } from "./problem/problem.js";
import { VERSION } from "./version.js";

/** The versions whose behaviour is implemented and checked. */
const DEFAULT_PEFT = "0.21.0";
const DEFAULT_TRANSFORMERS = "5.18.0";

export interface Versions {
  readonly peft: string;
  readonly transformers: string;
  readonly transformersMajor: number;
  /** As the result shows them. */
  readonly named: Readonly<Record<string, string>>;
}

/** Reads `scenario.versions`; absent ones are the newest that were checked. */
export function readVersions(given: Fields | undefined): Versions {
  const peft = version(given, "peft") ?? DEFAULT_PEFT;
  const transformers = version(given, "transformers") ?? DEFAULT_TRANSFORMERS;
  const transformersMajor = Number(transformers.split(".")[0]);
  if (transformersMajor !== 4 && transformersMajor !== 5) {
    reject({
      code: "invalid_value",
      path: "versions.transformers",
      message: "versions.transformers must be a 4.x or 5.x release",
      received: transformers,
      expected: ["4.57", "5.18"],
    });
  }
  return {
    peft,
    transformers,
    transformersMajor,
    named: { "lora-calc": VERSION, peft, transformers },
  };
}

function version(given: Fields | undefined, name: "peft" | "transformers"): string | undefined {
  const text = given?.string(name);
  if (text === undefined || /^\d+(\.\d+)*([a-z0-9.+-]*)$/i.test(text)) return text;
  reject({
    code: "invalid_value",
    path: `versions.${name}`,
    message: `versions.${name} must look like 0.21.0`,
    received: text,
    expected: "a version number",
  });
}
