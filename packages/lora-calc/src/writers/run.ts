/** What of a run a file has to say: what is given, and what another trainer would do otherwise by itself. */

import { IGNORED_FIELDS } from "../fields/training-beside.js";
import { TRAINING_FIELDS } from "../fields/scenario.js";
import type { FieldTable } from "../fields/row.js";
import { withoutAliases } from "../memory/settings/training-aliases.js";
import { modelName } from "../exchange/model-name.js";
import type { JsonObject } from "../problem/fields.js";
import type { ModuleRow } from "../result.js";
import type { Scenario } from "../scenario.js";
import type { Run } from "./writer.js";

const ROWS: FieldTable = TRAINING_FIELDS;

/** Said in every file, for nobody should have to look a trainer's own up. */
const ALWAYS = [
  ...["per_device_train_batch_size", "gradient_accumulation_steps", "max_length"],
  ...["gradient_checkpointing", "optim", "dtype"],
];

/** Programs of a stack's own, that no other trainer has by that name. */
const OF_ONE_STACK: readonly unknown[] = ["unsloth", "litgpt", "xformers"];

const UNNAMED_MODEL = "path/to/the/model";

interface Sides {
  readonly scenario: Scenario;
  /** How weights are packed, given or taken. */
  readonly quantization: JsonObject;
  /** Every setting of the step, given or taken. */
  readonly inForce: JsonObject;
  /** What the trainer sets where its file says nothing. */
  readonly usual: JsonObject;
  /** What the adapter hits. */
  readonly modules: readonly ModuleRow[];
}

export function runOf({ scenario, quantization, inForce, usual, modules }: Sides): Run {
  const given = withoutAliases(scenario.training ?? {}, "other");
  const said = Object.entries(withoutAliases(inForce, "other")).filter(([name, value]) => {
    if (value === null || value === undefined || OF_ONE_STACK.includes(value)) return false;
    if (isRate(name)) return false;
    const isGiven = (given[name] ?? null) !== null;
    if (isGiven || ALWAYS.includes(name)) return true;
    // What lora-calc calls by a name of its own is how a stack does things, and left to the trainer.
    return ROWS[name]?.owner !== "lora-calc" && usual[name] !== undefined && usual[name] !== value;
  });
  const { count } = scenario.hardware ?? {};
  const hit = namesOf(modules);
  return {
    model: modelName(scenario.model) ?? UNNAMED_MODEL,
    adapter: adapterOf(scenario, hit),
    hit,
    quantization: isPacked(quantization) ? quantization : null,
    training: Object.fromEntries(said),
    rates: Object.fromEntries(Object.entries(given).filter(([name]) => isRate(name))),
    cards: typeof count === "number" ? count : 1,
  };
}

/** Whether a field of training is a rate, a number of epochs, or of logs and saves. */
export function isRate(name: string): boolean {
  return Object.hasOwn(IGNORED_FIELDS, name) || name === "beta";
}

function isPacked(quantization: JsonObject): boolean {
  return quantization["load_in_4bit"] === true || quantization["load_in_8bit"] === true;
}

/** With the targets that PEFT's map means by itself: other trainers have other maps. */
function adapterOf({ adapter }: Scenario, hit: readonly string[]): JsonObject | null {
  if (adapter === null || adapter === undefined) return null;
  if ((adapter["target_modules"] ?? adapter["target_parameters"] ?? null) !== null) return adapter;
  return { ...adapter, target_modules: hit };
}

/** Last names of the modules with a rank of their own. */
function namesOf(modules: readonly ModuleRow[]): readonly string[] {
  const hit = modules.filter(({ rank }) => rank !== undefined);
  return [...new Set(hit.map(({ path }) => path.slice(path.lastIndexOf(".") + 1)))];
}
