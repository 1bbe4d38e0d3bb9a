/** LLaMA-Factory's YAML, and the dataset_info.json that names its data: `llamafactory-cli train`. */

import { LLAMA_FACTORY_FILE } from "../formats/llama-factory.js";
import type { JsonObject } from "../problem/fields.js";
import { byTable, defined, namedTargets, yamlWriter } from "./writer.js";
import type { Run, Writer } from "./writer.js";

export const LLAMA_FACTORY_WRITER: Writer = yamlWriter({
  release: "LLaMA-Factory 0.9.5",
  format: LLAMA_FACTORY_FILE,
  fileName: "llama-factory.yaml",
  command: () => "llamafactory-cli train llama-factory.yaml",
  toFill: "template, and the file that dataset_info.json names",
  beside: () => [
    {
      name: "dataset_info.json",
      text: `${JSON.stringify({ my_data: { file_name: "train.json" } })}\n`,
    },
  ],
  write: (run) => ({
    model_name_or_path: run.model,
    template: "default",
    stage: "sft",
    do_train: true,
    finetuning_type: run.adapter === null ? "full" : "lora",
    ...adapterOf(run),
    ...packingOf(run.quantization),
    ...byTable(LLAMA_FACTORY_FILE, run),
    ...stepOf(run.training),
    dataset: "my_data",
    dataset_dir: ".",
    output_dir: "out",
    ...run.rates,
  }),
});

function adapterOf(run: Run): JsonObject {
  if (run.adapter === null) return {};
  const { r, lora_alpha: alpha, target_modules: targets, init_lora_weights: init } = run.adapter;
  // Names with commas between: it has no patterns.
  return defined({
    lora_rank: r ?? 8,
    lora_alpha: alpha ?? 8,
    lora_target: targets === "all-linear" ? "all" : namedTargets(run)?.join(","),
    ...pissaOf(init),
  });
}

/** Source: model/adapter.py `_setup_lora_tuning`: pissa, or pissa_niter_N. */
function pissaOf(init: unknown): JsonObject {
  if (init === "pissa") return { pissa_init: true, pissa_iter: -1 };
  const rounds = typeof init === "string" ? /^pissa_niter_(\d+)$/.exec(init)?.[1] : undefined;
  return rounds === undefined ? {} : { pissa_init: true, pissa_iter: Number(rounds) };
}

function packingOf(quantization: JsonObject | null): JsonObject {
  if (quantization === null) return {};
  if (quantization["load_in_8bit"] === true) return { quantization_bit: 8 };
  return {
    quantization_bit: 4,
    quantization_type: quantization["bnb_4bit_quant_type"] ?? "fp4",
    double_quantization: quantization["bnb_4bit_use_double_quant"] === true,
  };
}

const ATTENTION: Readonly<Record<string, string>> = {
  sdpa: "sdpa",
  eager: "disabled",
  flash_attention_2: "fa2",
};

function stepOf(training: JsonObject): JsonObject {
  const attention = training["attn_implementation"];
  const isPure = training["bf16"] === false && training["fp16"] !== true;
  return defined({
    flash_attn: typeof attention === "string" ? ATTENTION[attention] : undefined,
    ...(training["packing"] === true ? { neat_packing: true } : {}),
    ...(isPure && training["dtype"] === "bfloat16" ? { bf16: undefined, pure_bf16: true } : {}),
  });
}
