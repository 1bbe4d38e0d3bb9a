/** Writes adapter_config.json as PEFT saves it: every field of LoraConfig, sorted. */

import { Fields } from "../problem/fields.js";
import { USUAL_WORLD } from "../worlds/index.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { modelName } from "./model-name.js";
import type { Scenario } from "../scenario.js";

/** Source: peft tuners/lora/config.py `LoraConfig`, config.py `PeftConfigMixin`. */
export const LORA_CONFIG_DEFAULTS: JsonObject = {
  alora_invocation_tokens: null,
  alpha_pattern: {},
  arrow_config: null,
  auto_mapping: null,
  base_model_name_or_path: null,
  bias: "none",
  corda_config: null,
  ensure_weight_tying: false,
  eva_config: null,
  exclude_modules: null,
  fan_in_fan_out: false,
  inference_mode: false,
  init_lora_weights: true,
  kasa_config: null,
  layer_replication: null,
  layers_pattern: null,
  layers_to_transform: null,
  loftq_config: {},
  lora_alpha: 8,
  lora_bias: false,
  lora_dropout: 0,
  lora_ga_config: null,
  megatron_config: null,
  megatron_core: "megatron.core",
  modules_to_save: null,
  monteclora_config: null,
  peft_type: "LORA",
  peft_version: USUAL_WORLD.releases.peft[0],
  qalora_group_size: 16,
  r: 8,
  rank_pattern: {},
  revision: null,
  target_modules: null,
  target_parameters: null,
  task_type: null,
  trainable_token_indices: null,
  use_bdlora: null,
  use_dora: false,
  use_qalora: false,
  use_rslora: false,
  velora_config: null,
};

/** Fields that Python holds as floats and therefore writes with a point. */
const FLOAT_FIELDS: readonly string[] = ["lora_dropout"];

/** Stops with a Problem at a field that LoraConfig does not have. */
export function checkLoraFields(adapter: JsonObject): void {
  const peftType = new Fields(adapter, "adapter").string("peft_type") ?? "LORA";
  if (peftType !== "LORA") {
    reject({
      code: "unsupported",
      path: "adapter.peft_type",
      message: `adapter.peft_type ${peftType} is counted but not written; LORA is`,
      received: peftType,
      expected: ["LORA"],
    });
  }
  new Fields(adapter, "adapter").rejectUnknown(Object.keys(LORA_CONFIG_DEFAULTS));
}

/**
 * The text of adapter_config.json for the adapter of a scenario, to the character what
 * `LoraConfig(...).save_pretrained` writes (PEFT keeps a target list as a set, so its order there is not fixed).
 *
 * Source: peft config.py `PeftConfigMixin.save_pretrained`.
 */
export function writeAdapterConfig(scenario: Scenario): string {
  const adapter = scenario.adapter ?? {};
  checkLoraFields(adapter);
  const name = modelName(scenario.model);
  const fields: JsonObject = {
    ...LORA_CONFIG_DEFAULTS,
    ...(name === undefined ? {} : { base_model_name_or_path: name }),
    ...adapter,
  };
  const lines = Object.keys(fields)
    .sort()
    .map((field) => `  ${JSON.stringify(field)}: ${fieldText(field, fields[field])}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function fieldText(field: string, value: unknown): string {
  if (FLOAT_FIELDS.includes(field) && Number.isInteger(value)) return `${String(value)}.0`;
  const text = JSON.stringify(sorted(value), null, 2);
  return escapeNonAscii(text.replaceAll("\n", "\n  "));
}

/** Objects with sorted keys at every level, as `sort_keys=True` gives. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** Python's json.dumps writes ASCII only. */
function escapeNonAscii(text: string): string {
  return text.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
