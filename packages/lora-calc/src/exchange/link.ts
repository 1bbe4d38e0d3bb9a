/**
 * A scenario as readable text for a URL: one parameter per field that was set, so that an absent field keeps meaning the
 * default. The text is versioned; version 1 stays readable.
 *
 *     v=1&model=meta-llama/Llama-3.1-8B&adapter.r=16&adapter.target_modules=q_proj,v_proj&hardware.gpu=RTX%204090
 *
 * A value stands bare when it can be read back so, a list of texts joined by commas; everything else is JSON.
 */

import { FLAT_SECTIONS, SCENARIO_NAMES } from "../fields/section-names.js";
import { Fields, isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import type { Scenario } from "../scenario.js";
import { parseJson } from "./parse-json.js";

const VERSION = 1;
/** A link with a whole config.json in it stays below; browsers take this much. */
const MAX_LINK_LENGTH = 65_536;
/** Before the parameters of a second run. */
const PINNED = "pinned.";

/** What a bare text may not look like: JSON, a number, a list. */
const LOOKS_LIKE_JSON = /^(?:["[{]|(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$)/;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * The query text of a scenario, without `?` or `#`.
 *
 * Example: encodeLink({ model: "gpt2", adapter: { r: 8 } }) // "v=1&model=gpt2&adapter.r=8"
 */
export function encodeLink(scenario: Scenario): string {
  return textOf([["v", VERSION], ...parametersOfRun(scenario)]);
}

/**
 * The query text of a run and of the one that is pinned beside it, whose parameters begin with `pinned.`.
 *
 * Example: encodeRuns({ model: "gpt2" }, { model: "opt-125m" }) // "v=1&model=gpt2&pinned.model=opt-125m"
 */
export function encodeRuns(scenario: Scenario, pinned: Scenario): string {
  const beside = parametersOfRun(pinned).map(([name, value]) => [PINNED + name, value] as const);
  return textOf([["v", VERSION], ...parametersOfRun(scenario), ...beside]);
}

function parametersOfRun(scenario: Scenario): readonly (readonly [string, unknown])[] {
  const parameters: [string, unknown][] = [];
  for (const [name, value] of Object.entries(scenario)) {
    if (name === "schema" || value === undefined) continue;
    const isFlattened = name !== "model" && isObject(value) && Object.keys(value).length > 0;
    if (!isFlattened) parameters.push([name, value]);
    else for (const [key, item] of Object.entries(value)) parameters.push([`${name}.${key}`, item]);
  }
  return parameters;
}

function textOf(parameters: readonly (readonly [string, unknown])[]): string {
  return parameters
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${escapePart(name)}=${escapePart(valueText(value))}`)
    .join("&");
}

/**
 * The scenario of a link, checked for its form; `estimate` checks the values. Stops with a Problem for a link that was cut,
 * edited, or written by a newer version.
 *
 * Example: decodeLink("v=1&model=gpt2&adapter.r=8") // { schema: 1, model: "gpt2", adapter: { r: 8 } }
 */
export function decodeLink(text: string): Scenario {
  return decodeRuns(text).scenario;
}

export interface LinkedRuns {
  readonly scenario: Scenario;
  /** The run that is pinned beside it. */
  readonly pinned?: Scenario;
}

/**
 * Both runs of a link, as `decodeLink` reads each.
 *
 * Example: decodeRuns("v=1&model=gpt2&pinned.model=opt-125m").pinned // { schema: 1, model: "opt-125m" }
 */
export function decodeRuns(text: string): LinkedRuns {
  const parameters = parametersOf(text);
  checkVersion(parameters.get("v"));
  parameters.delete("v");
  const beside = [...parameters].filter(([name]) => name.startsWith(PINNED));
  for (const [name] of beside) parameters.delete(name);
  const scenario = runOf(parameters);
  if (beside.length === 0) return { scenario };
  const pinned = beside.map(([name, value]) => [name.slice(PINNED.length), value] as const);
  return { scenario, pinned: runOf(pinned) };
}

function runOf(parameters: Iterable<readonly [string, unknown]>): Scenario {
  const fields: [string, unknown][] = [["schema", VERSION]];
  const sections = new Map<string, [string, unknown][]>();
  for (const [name, value] of parameters) {
    const dot = name.indexOf(".");
    const section = name.slice(0, Math.max(dot, 0));
    if (dot < 0) fields.push([name, value]);
    else sections.set(section, [...(sections.get(section) ?? []), [name.slice(dot + 1), value]]);
  }
  for (const [section, entries] of sections) fields.push([section, Object.fromEntries(entries)]);
  return checkScenario(Object.fromEntries(fields));
}

function escapePart(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2F|3A|2C|40)/g, decodeURIComponent);
}

function valueText(value: unknown): string {
  if (typeof value === "string" && isBareText(value) && !value.includes(",")) return value;
  if (Array.isArray(value) && value.length > 1 && value.every(isListItem)) {
    const joined = value.join(",");
    if (isBareText(joined)) return joined;
  }
  return JSON.stringify(value);
}

function isListItem(item: unknown): item is string {
  return typeof item === "string" && !item.includes(",");
}

function isBareText(text: string): boolean {
  return !LOOKS_LIKE_JSON.test(text) && !LONE_SURROGATE.test(text);
}

function parseValue(text: string, name: string): unknown {
  if (LOOKS_LIKE_JSON.test(text)) return parseJson(text, `link parameter ${name}`);
  return text.includes(",") ? text.split(",") : text;
}

function parametersOf(text: string): Map<string, unknown> {
  if (text.length > MAX_LINK_LENGTH) {
    reject({
      code: "limit_exceeded",
      path: "",
      message: `link has ${text.length} characters; at most ${MAX_LINK_LENGTH} are read`,
      received: text.length,
      expected: `at most ${MAX_LINK_LENGTH} characters`,
    });
  }
  const parameters = new Map<string, unknown>();
  for (const part of text.replace(/^[?#]/, "").split("&")) {
    if (part === "") continue;
    const equals = part.includes("=") ? part.indexOf("=") : part.length;
    const name = unescapePart(part.slice(0, equals));
    parameters.set(name, parseValue(unescapePart(part.slice(equals + 1)), name));
  }
  return parameters;
}

function unescapePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    reject({
      code: "invalid_value",
      path: "",
      message: "link is damaged: a % sign is not followed by two hexadecimal digits",
      received: part,
      expected: "percent-encoded text",
    });
  }
}

function checkVersion(version: unknown): void {
  if (version === VERSION) return;
  reject({
    code: version === undefined ? "missing_field" : "invalid_value",
    path: "v",
    message:
      version === undefined
        ? "link has no version: v=1 is missing, perhaps its beginning was cut"
        : "link was made by another version; this one reads v=1",
    received: version,
    expected: VERSION,
  });
}

function checkScenario(values: JsonObject): Scenario {
  const fields = new Fields(values, "");
  fields.rejectUnknown(SCENARIO_NAMES);
  fields.string("id");
  fields.string("stack");
  for (const section of FLAT_SECTIONS) fields.object(section);
  const model = fields.get("model");
  if (typeof model === "string") return { ...values, model };
  if (isObject(model)) return { ...values, model };
  reject({
    code: model === undefined ? "missing_field" : "invalid_type",
    path: "model",
    message: "model must be a catalogue id or an object",
    received: model,
    expected: "text or object",
  });
}
