/** Lays the flags of a command line over a scenario; a flag wins over the file. */

import { taskClasses, withTask, withUsualTargets, withUsualTask } from "lora-calc";
import type { Scenario } from "lora-calc";
import { USUAL } from "./usual.js";
import { SCENARIO_FLAGS } from "./scenario-flags.js";
import type { FlagKind } from "./scenario-flags.js";

/** Values as commander collected them, by flag: "--rank" to "16", "--bf16" to false. */
export type FlagValues = ReadonlyMap<string, string | boolean>;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** Characters that a module name never has: the text is one regular expression. */
const REGEX_CHARACTER = /[\\^$*+?()[\]{}|]/;

export function applyFlags(scenario: Scenario, values: FlagValues): Scenario {
  let result = withoutUsualLora(scenario, values);
  for (const { name, path, kind } of SCENARIO_FLAGS) {
    const value = values.get(name);
    if (value !== undefined) result = setField(result, path, flagValue(kind, value));
  }
  const task = values.get("--task-type");
  if (typeof task === "string") return withClassOf(result, task);
  if (scenario.adapter !== USUAL.adapter) return result;
  const usual = withUsualTask(result);
  return values.has("--target-modules") ? usual : withUsualTargets(usual);
}

/** A task that is asked for by its flag means the class with its head, unless the scenario names a class. */
function withClassOf(scenario: Scenario, task: string): Scenario {
  const { model } = scenario;
  if (typeof model === "object" && model["architecture"] !== undefined) return scenario;
  const ofTask = taskClasses(scenario)[task];
  return ofTask === undefined ? scenario : withTask(scenario, task, ofTask);
}

/** The LoRA that a model alone means is nothing to another method, which has defaults of its own in PEFT. */
function withoutUsualLora(scenario: Scenario, values: FlagValues): Scenario {
  const method = values.get("--peft-type");
  const isOther = typeof method === "string" && method.toUpperCase() !== "LORA";
  return isOther && scenario.adapter === USUAL.adapter ? { ...scenario, adapter: {} } : scenario;
}

/** The value of the scenario for the text after a flag. Example: flagValue("number", "16") // 16 */
export function flagValue(kind: FlagKind, value: string | boolean): unknown {
  if (kind === "qlora") {
    return { load_in_4bit: true, bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true };
  }
  if (kind === "full") return null;
  if (typeof value === "boolean") return value;
  switch (kind) {
    case "number":
      return NUMBER.test(value.trim()) ? Number(value) : value;
    case "names":
      return namesOf(value);
    case "targets":
      return value === "all-linear" || REGEX_CHARACTER.test(value) ? value : namesOf(value);
    case "counted":
      return countedOf(value);
    case "text":
    case "switch":
      return value;
  }
}

/** Numbers in turn, or how often each occurs. Example: "512:40,2048:3" is { "512": 40, "2048": 3 } */
function countedOf(text: string): unknown {
  const parts = namesOf(text);
  const numbered = (part: string): unknown => flagValue("number", part);
  if (parts.every((part) => !part.includes(":"))) return parts.map(numbered);
  const pairs = parts.map((part) => part.split(":"));
  return Object.fromEntries(
    pairs.map(([length = "", count = ""]) => [length.trim(), numbered(count)]),
  );
}

function namesOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function setField(scenario: Scenario, path: string, value: unknown): Scenario {
  const [section = "", field] = path.split(".");
  const fields: Readonly<Record<string, unknown>> = { ...scenario };
  if (field !== undefined)
    return { ...scenario, [section]: { ...objectOf(fields[section]), [field]: value } };
  if (value === null) return { ...scenario, [section]: null };
  const merged = typeof value === "object" ? { ...objectOf(fields[section]), ...value } : value;
  return { ...scenario, [section]: merged };
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
