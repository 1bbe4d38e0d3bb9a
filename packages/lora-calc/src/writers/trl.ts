/** TRL's YAML: `trl sft --config` and `trl dpo --config`. */

import { LORA_KEYS, TRL_FILE } from "../formats/trl.js";
import type { JsonObject } from "../problem/fields.js";
import { byTable, defined, yamlWriter } from "./writer.js";
import type { Run, Writer } from "./writer.js";

export const TRL_WRITER: Writer = yamlWriter({
  release: "TRL 1.13 and 1.16",
  format: TRL_FILE,
  fileName: "trl.yaml",
  command: (run) => `trl ${isDpo(run) ? "dpo" : "sft"} --config trl.yaml`,
  toFill: "dataset_name",
  write: (run) => ({
    model_name_or_path: run.model,
    ...adapterOf(run.adapter),
    ...packingOf(run.quantization),
    // What it computes packed weights in is what it loads the rest in.
    ...byTable(TRL_FILE, run),
    ...checkpointsOf(run.training),
    dataset_name: "your/dataset",
    output_dir: "out",
    ...ratesOf(run.rates),
    ...(isDpo(run) ? { beta: run.rates["beta"] ?? 0.1 } : {}),
  }),
});

/** A share of the steps is a number below 1. Source: transformers 5.18 training_args.py `warmup_steps`. */
function ratesOf({ warmup_ratio: share, ...rates }: JsonObject): JsonObject {
  return share === undefined ? rates : { warmup_steps: share, ...rates };
}

function isDpo({ training }: Run): boolean {
  return training["method"] === "dpo";
}

/** Source: trl trainer/utils.py `get_peft_config`. */
function adapterOf(adapter: JsonObject | null): JsonObject {
  if (adapter === null) return {};
  const keys = Object.entries(LORA_KEYS).map(([key, field]) => [key, adapter[field]] as const);
  const { target_modules: targets } = adapter;
  // A pattern, and all-linear, are the only item of a list.
  const listed = typeof targets === "string" ? { lora_target_modules: [targets] } : {};
  return defined({ use_peft: true, ...Object.fromEntries(keys), ...listed });
}

function packingOf(quantization: JsonObject | null): JsonObject {
  if (quantization === null) return {};
  if (quantization["load_in_8bit"] === true) return { load_in_8bit: true };
  return defined({
    load_in_4bit: true,
    bnb_4bit_quant_type: quantization["bnb_4bit_quant_type"] ?? "fp4",
    use_bnb_nested_quant: quantization["bnb_4bit_use_double_quant"] === true,
    bnb_4bit_quant_storage: quantization["bnb_4bit_quant_storage"],
  });
}

function checkpointsOf(training: JsonObject): JsonObject {
  const { use_reentrant: isReentrant, selective_checkpointing: isSelective } = training;
  const said = defined({
    use_reentrant: isReentrant,
    ...(isSelective === true ? { selective: true } : {}),
  });
  return Object.keys(said).length === 0 ? {} : { gradient_checkpointing_kwargs: said };
}
