/** What a file says otherwise than the run it was written from, read back. */

import { LORA_CONFIG_DEFAULTS } from "../exchange/adapter-config.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { formatCount } from "../units/format.js";
import { isRate } from "./run.js";

/** A run, or the file of it, with what its stack decides. */
export interface Said {
  readonly adapter: JsonObject;
  readonly quantization: JsonObject;
  readonly training: JsonObject;
  readonly trainable: number;
}

/** Names of the fields that are compared: those that the run itself says. */
export type Given = Readonly<Record<"adapter" | "quantization" | "training", readonly string[]>>;

interface Compared {
  readonly run: Said;
  readonly file: Said;
  readonly given: Given;
}

/** Fields that say the same in several ways; the count says whether they do. */
const BY_COUNT = ["target_modules", "target_parameters", "layers_to_transform", "layers_pattern"];
const NOT_COMPARED = [...BY_COUNT, "peft_type", "task_type", "base_model_name_or_path"];
/** What alpha, rank and rsLoRA say together. */
const SCALE = "scale";
const OF_SCALE = ["lora_alpha", "use_rslora"];

/** One sentence per field that comes out otherwise. */
export function lostIn(trainer: string, { run, file, given }: Compared): readonly string[] {
  const fields = given.adapter.filter((name) => !NOT_COMPARED.includes(name));
  const own = fields.filter((name) => !OF_SCALE.includes(name));
  return [
    ...(run.trainable === file.trainable ? [] : [countSentence(trainer, run, file)]),
    ...lostOf(trainer, "adapter", [
      only(scaled(run.adapter), fields.length === 0 ? own : [...own, SCALE]),
      scaled(file.adapter),
    ]),
    ...lostOf(trainer, "quantization", [
      only(run.quantization, given.quantization),
      file.quantization,
    ]),
    ...lostOf(trainer, "training", [only(run.training, given.training), file.training]),
  ];
}

function countSentence(trainer: string, run: Said, file: Said): string {
  const [now, meant] = [formatCount(file.trainable), formatCount(run.trainable)];
  return `${now} parameters train under ${trainer}, not ${meant}`;
}

function scaled(given: JsonObject): JsonObject {
  const adapter: JsonObject = { ...LORA_CONFIG_DEFAULTS, ...given };
  const rank = Number(adapter["r"]);
  const scale =
    Number(adapter["lora_alpha"]) / (adapter["use_rslora"] === true ? rank ** 0.5 : rank);
  return { ...adapter, [SCALE]: Math.round(scale * 1e9) / 1e9 };
}

function only(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}

function lostOf(
  trainer: string,
  section: string,
  [own, read]: readonly [JsonObject, JsonObject],
): readonly string[] {
  return Object.entries(own).flatMap(([name, value]) => {
    if (value === undefined || value === null || isSame(value, read[name])) return [];
    const path = `${section}.${name}`;
    if (name === "warmup_ratio" && isSame(value, read["warmup_steps"])) return [];
    if (section === "training" && isRate(name))
      return [`${path} is not written; ${trainer} says it in a way of its own, if at all`];
    const instead = isNothing(read[name]) ? "it is without" : `it is ${shown(read[name])} there`;
    return [`${path} ${shown(value)} cannot be said to ${trainer}; ${instead}`];
  });
}

/** Empty, false and absent say the same; names have no order. */
function isSame(own: unknown, read: unknown): boolean {
  if (isNothing(own) && isNothing(read)) return true;
  return JSON.stringify(sorted(own)) === JSON.stringify(sorted(read));
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(String).sort();
  return isObject(value) ? Object.fromEntries(Object.entries(value).sort()) : value;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
