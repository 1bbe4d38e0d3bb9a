/** Axolotl's YAML: `axolotl train`. */

import { AXOLOTL_FILE } from "../formats/axolotl.js";
import type { JsonObject } from "../problem/fields.js";
import { byTable, defined, ratesAs, yamlWriter } from "./writer.js";
import type { Run, Writer } from "./writer.js";

const CUT_PLUGIN = "axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin";

/** Names of TrainingArguments, and of Axolotl. */
const RATES: Readonly<Record<string, string>> = {
  num_train_epochs: "num_epochs",
  max_steps: "max_steps",
  learning_rate: "learning_rate",
  lr_scheduler_type: "lr_scheduler",
  warmup_steps: "warmup_steps",
  warmup_ratio: "warmup_ratio",
  weight_decay: "weight_decay",
  adam_beta1: "adam_beta1",
  adam_beta2: "adam_beta2",
  adam_epsilon: "adam_epsilon",
  seed: "seed",
  logging_steps: "logging_steps",
  save_steps: "save_steps",
  save_strategy: "save_strategy",
  save_total_limit: "save_total_limit",
  eval_steps: "eval_steps",
  eval_strategy: "eval_strategy",
};

export const AXOLOTL_WRITER: Writer = yamlWriter({
  release: "Axolotl 0.19",
  format: AXOLOTL_FILE,
  fileName: "axolotl.yaml",
  command: () => "axolotl train axolotl.yaml",
  toFill: "datasets",
  write: (run) => ({
    base_model: run.model,
    ...adapterOf(run),
    ...byTable(AXOLOTL_FILE, run),
    ...stepOf(run.training),
    datasets: [{ path: "your/dataset", type: "chat_template" }],
    output_dir: run.rates["output_dir"] ?? "out",
    learning_rate: run.adapter === null ? 0.00002 : 0.0002,
    ...("max_steps" in run.rates ? {} : { num_epochs: 1 }),
    ...ratesAs(RATES, run),
  }),
});

/** 4 bits stand under qlora, 8 bits under lora. Source: loaders/model.py `_set_quantization_config`. */
function adapterOf({ adapter, quantization }: Run): JsonObject {
  if (adapter === null) return {};
  const targets = adapter["target_modules"];
  const isFour = quantization?.["load_in_4bit"] === true;
  return {
    adapter: isFour ? "qlora" : "lora",
    ...(isFour ? { load_in_4bit: true, ...overridesOf(quantization) } : {}),
    ...(quantization?.["load_in_8bit"] === true ? { load_in_8bit: true } : {}),
    ...(targets === "all-linear"
      ? { lora_target_linear: true }
      : defined({ lora_target_modules: targets })),
  };
}

/** What Axolotl packs with by itself is nf4, twice, computed in bfloat16. */
function overridesOf(quantization: JsonObject): JsonObject {
  const {
    bnb_4bit_quant_type: type = "fp4",
    bnb_4bit_use_double_quant: twice = false,
    bnb_4bit_quant_storage: storage,
  } = quantization;
  const other = defined({
    ...(type === "nf4" ? {} : { bnb_4bit_quant_type: type }),
    ...(twice === true ? {} : { bnb_4bit_use_double_quant: false }),
    bnb_4bit_quant_storage: storage,
  });
  return Object.keys(other).length === 0 ? {} : { bnb_config_kwargs: other };
}

function stepOf(training: JsonObject): JsonObject {
  const { gradient_checkpointing: checkpoints, use_reentrant: isReentrant } = training;
  const isFp16 = training["fp16"] === true;
  return defined({
    bf16: isFp16 ? false : training["bf16"],
    ...(isFp16 ? { fp16: true } : {}),
    attn_implementation: training["attn_implementation"],
    ...(training["packing"] === true ? { sample_packing: true } : {}),
    gradient_checkpointing: checkpoints,
    ...(checkpoints === true && isReentrant !== undefined
      ? { gradient_checkpointing_kwargs: { use_reentrant: isReentrant } }
      : {}),
    optimizer: training["optim"],
    ...(training["loss"] === "cce" ? { plugins: [CUT_PLUGIN] } : {}),
  });
}
