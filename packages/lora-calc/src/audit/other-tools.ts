/** Files that are called adapter_config.json, or are given for one, and are another tool's. */

import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";

interface OtherTool {
  readonly tool: string;
  readonly has: readonly string[];
  readonly advice: string;
}

/** By fields that only this tool's file has together. */
const OTHER_TOOLS: readonly OtherTool[] = [
  {
    tool: "AdapterHub's adapters library",
    has: ["config", "hidden_size", "model_class"],
    advice: "it loads with model.load_adapter of that library",
  },
  {
    tool: "transformers (a model's config.json)",
    has: ["model_type", "architectures"],
    advice: "give it as the base; the adapter's file is adapter_config.json",
  },
  {
    tool: "diffusers",
    has: ["_class_name", "_diffusers_version"],
    advice: "give adapter_config.json of the LoRA",
  },
  {
    tool: "Axolotl",
    has: ["base_model", "adapter"],
    advice: "it configures a training run; give the adapter_config.json that the run wrote",
  },
  {
    tool: "LLaMA-Factory",
    has: ["finetuning_type", "model_name_or_path"],
    advice: "it configures a training run; give the adapter_config.json that the run wrote",
  },
];

/** Stops at a file of another tool, by its name. Files of MLX are read by their own rules. */
export function rejectOtherTool(config: JsonObject): void {
  if (Object.hasOwn(config, "peft_type")) return;
  const found = OTHER_TOOLS.find(({ has }) => has.every((name) => Object.hasOwn(config, name)));
  if (found === undefined) return;
  reject({
    code: "invalid_value",
    path: "adapter",
    message: `this is a file of ${found.tool}, not PEFT's adapter_config.json: ${found.advice}`,
    received: Object.keys(config),
    expected: "adapter_config.json with peft_type, or MLX's with lora_parameters",
  });
}
