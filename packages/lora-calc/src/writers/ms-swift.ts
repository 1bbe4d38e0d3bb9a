/** ms-swift's YAML: `swift sft`. */

import { MS_SWIFT_FILE } from "../formats/ms-swift.js";
import type { JsonObject } from "../problem/fields.js";
import { byTable, defined, yamlWriter } from "./writer.js";
import type { Writer } from "./writer.js";

export const MS_SWIFT_WRITER: Writer = yamlWriter({
  release: "ms-swift 4.6",
  format: MS_SWIFT_FILE,
  fileName: "swift.yaml",
  command: () => "swift sft swift.yaml",
  toFill: "dataset",
  write: (run) => ({
    model: run.model,
    // It asks ModelScope otherwise.
    use_hf: true,
    ...adapterOf(run.adapter),
    ...packingOf(run.quantization),
    ...byTable(MS_SWIFT_FILE, run),
    ...stepOf(run.training),
    dataset: ["data/train.jsonl"],
    output_dir: "out",
    ...run.rates,
  }),
});

function adapterOf(adapter: JsonObject | null): JsonObject {
  if (adapter === null) return { tuner_type: "full" };
  const { target_modules: targets, init_lora_weights: init } = adapter;
  const isPattern = typeof targets === "string" && targets !== "all-linear";
  return defined({
    tuner_type: "lora",
    lora_rank: adapter["r"] ?? 8,
    lora_alpha: adapter["lora_alpha"] ?? 8,
    lora_dropout: adapter["lora_dropout"] ?? 0,
    ...(isPattern
      ? { target_regex: targets }
      : { target_modules: typeof targets === "string" ? [targets] : targets }),
    // True and false are said as words.
    init_weights: typeof init === "boolean" ? String(init) : init,
  });
}

function packingOf(quantization: JsonObject | null): JsonObject {
  if (quantization === null) return {};
  if (quantization["load_in_8bit"] === true) return { quant_method: "bnb", quant_bits: 8 };
  return defined({
    quant_method: "bnb",
    quant_bits: 4,
    bnb_4bit_compute_dtype: quantization["bnb_4bit_compute_dtype"],
    bnb_4bit_quant_type: quantization["bnb_4bit_quant_type"] ?? "fp4",
    bnb_4bit_use_double_quant: quantization["bnb_4bit_use_double_quant"] === true,
  });
}

const ATTENTION: Readonly<Record<string, string>> = {
  sdpa: "sdpa",
  eager: "eager",
  flash_attention_2: "flash_attn",
};

function stepOf(training: JsonObject): JsonObject {
  const attention = training["attn_implementation"];
  return defined({
    attn_impl: typeof attention === "string" ? ATTENTION[attention] : undefined,
    ...(training["packing"] === true ? { packing: true } : {}),
    ...(training["padding_free"] === true ? { padding_free: true } : {}),
    lora_dtype: training["adapter_dtype"] === "auto" ? undefined : training["adapter_dtype"],
  });
}
