/** A scenario in two lines of words. */

import { formatCount } from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import { wrap } from "./columns.js";
import { oneLine, shortValue } from "../one-line.js";

/** Source: peft tuners/lora/config.py `LoraConfig`. */
const PEFT_RANK = 8;

/** The value of a field: given, or assumed by the estimate. */
type Setting = (path: string) => unknown;

export function describeScenario(scenario: Scenario, estimate: Estimate): string {
  const setting: Setting = (path) => given(scenario, path) ?? assumed(estimate, path);
  const lines = [
    [modelText(scenario), adapterText(scenario, setting), precisionText(setting)],
    estimate.memory === undefined ? [] : trainingTexts(setting),
  ];
  return lines
    .filter((texts) => texts.length > 0)
    .map((texts) => wrap(texts.join(" · ")))
    .join("\n");
}

function given(scenario: Scenario, path: string): unknown {
  const [section = "", field = ""] = path.split(".");
  const fields: Readonly<Record<string, unknown>> = { ...scenario };
  const values = fields[section];
  if (field === "") return values;
  return typeof values === "object" && values !== null
    ? Object.entries(values).find(([name]) => name === field)?.[1]
    : undefined;
}

function assumed({ assumed: entries }: Estimate, path: string): unknown {
  return entries.find((entry) => entry.path === path)?.value;
}

function modelText({ model }: Scenario): string {
  if (typeof model === "string") return oneLine(model);
  const { id, architecture } = model;
  if (typeof id === "string") {
    return typeof architecture === "string"
      ? `${oneLine(id)} as ${oneLine(architecture)}`
      : oneLine(id);
  }
  const config = model["config"];
  const type =
    typeof config === "object" && config !== null && "model_type" in config
      ? config.model_type
      : undefined;
  if (type !== undefined) return `a ${shortValue(type)} model from its config.json`;
  const isFile = model["safetensors"] !== undefined;
  return isFile ? "a model read from its safetensors header" : "a model given by its sizes";
}

function adapterText({ adapter }: Scenario, setting: Setting): string {
  if (adapter === null || adapter === undefined) return "full fine-tuning";
  const peftType = setting("adapter.peft_type") ?? "LORA";
  const method = shortValue(peftType).replace("LORA", "LoRA");
  const tokens = setting("adapter.num_virtual_tokens");
  if (tokens !== undefined) return `${method} with ${shortValue(tokens)} virtual tokens`;
  const targets = setting("adapter.target_modules");
  const modules = targets === undefined ? "PEFT's default modules" : shortValue(targets);
  const parameters = shortValue(setting("adapter.target_parameters") ?? "");
  const on = [modules, parameters].filter((text) => text !== "").join(" and ");
  const excluded = shortValue(setting("adapter.exclude_modules") ?? "");
  const without = excluded === "" ? "" : ` without ${excluded}`;
  const rank = setting("adapter.r") ?? (peftType === "LORA" ? PEFT_RANK : undefined);
  return `${method}${rank === undefined ? "" : ` r=${shortValue(rank)}`} on ${on || "nothing"}${without}`;
}

function precisionText(setting: Setting): string {
  if (setting("quantization.load_in_8bit") === true) return "8-bit base";
  if (setting("quantization.load_in_4bit") !== true) {
    return `${shortValue(setting("training.dtype") ?? "bfloat16")} base`;
  }
  const type = shortValue(setting("quantization.bnb_4bit_quant_type") ?? "fp4");
  const isDouble = setting("quantization.bnb_4bit_use_double_quant") === true;
  return isDouble ? `4-bit ${type} base, double quant` : `4-bit ${type} base`;
}

function trainingTexts(setting: Setting): readonly string[] {
  const stack = setting("stack");
  const batch = shortValue(setting("training.per_device_train_batch_size"));
  const length = setting("training.max_length");
  const upTo = setting("training.lengths") === undefined ? "" : "up to ";
  const tokens = typeof length === "number" ? ` × ${upTo}${formatCount(length)} tokens` : "";
  const cards = setting("hardware.count");
  return [
    ...(stack === undefined ? [] : [shortValue(stack)]),
    ...(setting("training.method") === "dpo" ? ["DPO"] : []),
    ...(typeof cards === "number" && cards > 1 ? [`each of ${formatCount(cards)} cards`] : []),
    `batch ${batch}${tokens}`,
    setting("training.gradient_checkpointing") === true
      ? "gradient checkpointing"
      : "no gradient checkpointing",
    shortValue(setting("training.optim")),
  ];
}
