/** Module names as PEFT takes them: a list of path endings, one regular expression, or "all-linear". */

import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { LayerSight } from "../regex/layer-sight.js";
import { PythonRegex } from "../regex/python-regex.js";

export type ModuleNames =
  | { readonly kind: "list"; readonly names: ReadonlySet<string> }
  | { readonly kind: "pattern"; readonly pattern: string; readonly regex: PythonRegex }
  /** The shorthand of `target_modules`; meaningless elsewhere. */
  | { readonly kind: "all_linear" };

/** Reads a field that may be a list, a text or null. Only `target_modules` knows "all-linear". */
export function readModuleNames(
  adapter: Fields,
  field: "target_modules" | "exclude_modules" | "feedforward_modules",
): ModuleNames | undefined {
  const value = adapter.get(field);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") {
    if (field === "target_modules" && value.toLowerCase() === "all-linear") {
      return { kind: "all_linear" };
    }
    return patternNames(value, adapter.at(field));
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    reject({
      code: "invalid_type",
      path: adapter.at(field),
      message: `${adapter.at(field)} must be a list of names or one text (a regular expression)`,
      received: value,
      expected: "list of texts, or text",
    });
  }
  return listNames(value);
}

export function listNames(names: Iterable<string>): ModuleNames {
  return { kind: "list", names: new Set(names) };
}

export function patternNames(pattern: string, path: string): ModuleNames {
  return { kind: "pattern", pattern, regex: new PythonRegex(pattern, path) };
}

/** Whether a path is one of the names or ends in `.` + one of them. */
export function endsInName(path: string, names: ReadonlySet<string>): boolean {
  if (names.has(path)) return true;
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    if (names.has(path.slice(dot + 1))) return true;
  }
  return false;
}

/** What names can see of the layer index. */
export function layerSight(names: ModuleNames | undefined): LayerSight {
  if (names?.kind === "list") {
    return [...names.names].some((name) => /\d/.test(name)) ? "index" : "none";
  }
  return names?.kind === "pattern" ? names.regex.layerSight : "none";
}
