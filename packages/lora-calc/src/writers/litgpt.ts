/** LitGPT's YAML: `litgpt finetune_lora --config`. */

import { LITGPT_FILE, LITGPT_MODULES, LITGPT_PRECISIONS } from "../formats/litgpt.js";
import type { JsonObject } from "../problem/fields.js";
import { shellWord } from "./comment.js";
import { defined, namedTargets, yamlWriter } from "./writer.js";
import type { Run, Writer } from "./writer.js";

export const LITGPT_WRITER: Writer = yamlWriter({
  release: "LitGPT 0.5.13",
  format: LITGPT_FILE,
  fileName: "litgpt.yaml",
  command: ({ model }) =>
    `litgpt download ${shellWord(model)} && litgpt finetune_lora --config litgpt.yaml`,
  toFill: "data.init_args.json_path",
  whyNone: ({ adapter }) =>
    adapter === null
      ? "litgpt finetune_lora trains adapters, and the file of finetune_full is another; give an adapter"
      : undefined,
  write: (run) => ({
    checkpoint_dir: `checkpoints/${run.model}`,
    out_dir: run.rates["output_dir"] ?? "out",
    ...defined({ precision: precisionOf(run) }),
    ...quantizeOf(run.quantization),
    ...(run.cards > 1 ? { devices: run.cards } : {}),
    ...adapterOf(run),
    data: {
      class_path: "litgpt.data.JSON",
      init_args: { json_path: "data/train.json", val_split_fraction: 0.05 },
    },
    train: trainOf(run),
    optimizer: {
      class_path: run.training["optim"] === "sgd" ? "torch.optim.SGD" : "torch.optim.AdamW",
      init_args: defined({
        lr: run.rates["learning_rate"] ?? 0.0002,
        weight_decay: run.rates["weight_decay"],
      }),
    },
    ...defined({ seed: run.rates["seed"] }),
  }),
});

function precisionOf({ training }: Run): string | undefined {
  const { dtype, bf16, fp16 } = training;
  if (dtype === undefined) return undefined;
  const said: JsonObject = { dtype, bf16: dtype !== "float32" || bf16 === true, fp16 };
  return Object.entries(LITGPT_PRECISIONS).find(([, fields]) =>
    Object.entries(fields).every(([name, value]) => said[name] === value),
  )?.[0];
}

function quantizeOf(quantization: JsonObject | null): JsonObject {
  if (quantization?.["load_in_4bit"] !== true) return {};
  const { bnb_4bit_quant_type: type = "fp4", bnb_4bit_use_double_quant: twice } = quantization;
  return { quantize: `bnb.${String(type)}${twice === true ? "-dq" : ""}` };
}

/** A switch is on where all of its modules are adapted. */
function adapterOf(run: Run): JsonObject {
  const adapter = run.adapter ?? {};
  const targets = namedTargets(run);
  const isHit = (names: readonly string[]): boolean =>
    targets === undefined
      ? adapter["target_modules"] === "all-linear" && !names.includes("lm_head")
      : names.every((name) => targets.includes(name));
  return {
    lora_r: adapter["r"] ?? 8,
    lora_alpha: adapter["lora_alpha"] ?? 8,
    lora_dropout: adapter["lora_dropout"] ?? 0,
    ...Object.fromEntries(
      Object.entries(LITGPT_MODULES).map(([key, names]) => [key, isHit(names)]),
    ),
  };
}

function trainOf({ training, rates, cards }: Run): JsonObject {
  const { per_device_train_batch_size: micro = 1, gradient_accumulation_steps: steps = 1 } =
    training;
  return defined({
    micro_batch_size: micro,
    global_batch_size: Number(micro) * Number(steps) * cards,
    max_seq_length: training["max_length"],
    // It counts whole ones.
    epochs: Math.ceil(Number(rates["num_train_epochs"] ?? 1)),
    max_steps: rates["max_steps"],
    lr_warmup_steps: rates["warmup_steps"],
  });
}
