/** The LoRA fields of adapter_config.json, checked as PEFT's LoraConfig checks them. */

import { LORA_FIELDS, TARGET_FIELDS } from "../../fields/adapter-lora.js";
import type { AdapterField } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import { rejectOption } from "../plan/reject-option.js";
import { readVariants } from "./variant.js";
import type { Variant } from "./variant.js";

export interface LoraConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly rankPattern: ReadonlyMap<string, number>;
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** `init_lora_weights`: true, false, or the name of a scheme. */
  readonly initWeights: boolean | string;
  readonly useRslora: boolean;
  readonly loraBias: boolean;
  readonly fanInFanOut: boolean;
  readonly ensureWeightTying: boolean;
  readonly variants: readonly Variant[];
}

const DEFAULT_RANK = 8;

/** Fields of adapter_config.json of a LoRA, beside those of every method. */
export const LORA_NAMES = Object.keys({ ...TARGET_FIELDS, ...LORA_FIELDS }) as AdapterField[];

/** Source: peft tuners/lora/config.py `LoraConfig`. */
export function readLoraConfig(adapter: Fields): LoraConfig {
  const initWeights = readInitWeights(adapter);
  const config: LoraConfig = {
    rank: adapter.integer("r") ?? DEFAULT_RANK,
    alpha: adapter.number("lora_alpha") ?? DEFAULT_RANK,
    dropout: adapter.number("lora_dropout", { max: 1 }) ?? 0,
    rankPattern: readPattern(adapter, "rank_pattern"),
    alphaPattern: readPattern(adapter, "alpha_pattern"),
    initWeights,
    useRslora: adapter.boolean("use_rslora") ?? false,
    loraBias: adapter.boolean("lora_bias") ?? false,
    fanInFanOut: adapter.boolean("fan_in_fan_out") ?? false,
    ensureWeightTying: adapter.boolean("ensure_weight_tying") ?? false,
    variants: readVariants(adapter, initWeights),
  };
  rejectCombinations(adapter, config);
  return config;
}

function readInitWeights(adapter: Fields): boolean | string {
  const value = adapter.get("init_lora_weights");
  if (value === undefined) return true;
  if (value === null) return false;
  return typeof value === "boolean" ? value : (adapter.string("init_lora_weights") ?? true);
}

/** Pattern fields keep the order of the file: the first key that matches a module wins. */
function readPattern(
  adapter: Fields,
  name: "rank_pattern" | "alpha_pattern",
): ReadonlyMap<string, number> {
  const fields = adapter.object(name);
  const pattern = new Map<string, number>();
  for (const key of Object.keys(fields?.values ?? {})) {
    const value = name === "rank_pattern" ? fields?.integer(key) : fields?.number(key);
    if (value !== undefined) pattern.set(key, value);
  }
  return pattern;
}

function rejectCombinations(
  adapter: Fields,
  { loraBias, initWeights, variants }: LoraConfig,
): void {
  if (loraBias && typeof initWeights === "string") {
    rejectOption(adapter, "lora_bias", "works with init_lora_weights true or false only");
  }
  if (loraBias && variants.some(({ kind }) => kind === "dora")) {
    rejectOption(adapter, "lora_bias", "does not work with use_dora");
  }
  const loftq = adapter.object("loftq_config")?.values ?? {};
  if (initWeights === "loftq" && Object.keys(loftq).length === 0) {
    rejectOption(adapter, "loftq_config", 'is needed when init_lora_weights is "loftq"');
  }
}
