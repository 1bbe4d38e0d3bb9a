/** A Python script that trains with Unsloth: its loader and adapters, TRL's trainer. */

import { TRAINING_FIELDS } from "../fields/scenario.js";
import type { FieldTable } from "../fields/row.js";
import { asScenario } from "../exchange/as-scenario.js";
import { pythonLiteral } from "../exchange/python-literal.js";
import type { JsonObject } from "../problem/fields.js";
import type { Scenario } from "../scenario.js";
import { call, keyword, keywords } from "./python.js";
import { without } from "./writer.js";
import type { Run, Writer } from "./writer.js";

const ROWS: FieldTable = TRAINING_FIELDS;
const STACK = "unsloth-2026.8";

export const UNSLOTH_WRITER: Writer = {
  trainer: "Unsloth",
  release: "Unsloth 2026.8",
  stack: STACK,
  fileName: "train_unsloth.py",
  command: () => "python train_unsloth.py",
  toFill: "DATASET",
  notes: (run) => [
    ...(run.cards > 1
      ? ["Unsloth trains on one card here; each of several runs a script of its own"]
      : []),
    ...(Number(run.adapter?.["lora_dropout"] ?? 0) > 0
      ? ["a dropout above 0 takes Unsloth's slower path"]
      : []),
  ],
  body: (run) => ({ text: `${scriptOf(run).join("\n")}\n`, scenario: saidBy(run), findings: [] }),
};

function saidBy(run: Run): Scenario {
  return asScenario({
    model: run.model,
    adapter: run.adapter,
    ...(run.quantization === null ? {} : { quantization: loadingOf(run) }),
    training: { ...stepOf(run), ...checkpointing(run), max_length: lengthOf(run), ...run.rates },
    stack: STACK,
  });
}

function lengthOf({ training }: Run): unknown {
  return training["max_seq_length"] ?? training["max_length"] ?? 2048;
}

function loadingOf({ quantization }: Run): JsonObject {
  if (quantization?.["load_in_8bit"] === true) return { load_in_8bit: true };
  return { load_in_4bit: quantization !== null };
}

function checkpointing({ training }: Run): JsonObject {
  return { gradient_checkpointing: training["gradient_checkpointing"] !== false };
}

/** What SFTConfig of its TRL is given: checkpoints, attention, loss and dtypes are Unsloth's own. */
function stepOf({ training }: Run): JsonObject {
  const names = [
    ...["per_device_train_batch_size", "gradient_accumulation_steps", "optim", "max_grad_norm"],
    ...["packing", "packing_strategy", "padding_free", "bf16", "fp16"],
  ];
  return Object.fromEntries(
    Object.entries(training).filter(([name]) => names.includes(name) && ROWS[name] !== undefined),
  );
}

/** Which of get_peft_model's own arguments an adapter has; the rest reaches LoraConfig. */
function adapterArguments({ adapter, hit, training }: Run): readonly string[] {
  const given = without(adapter ?? {}, ["peft_type", "task_type"]);
  // It names its projections itself.
  const isAll = given["target_modules"] === "all-linear";
  const fields = isAll ? { ...given, target_modules: hit } : given;
  const checkpoints = training["gradient_checkpointing"] === false ? false : "unsloth";
  return ["model", ...keywords(fields), keyword("use_gradient_checkpointing", checkpoints)];
}

function scriptOf(run: Run): readonly string[] {
  const { adapter, rates } = run;
  const load = loadingOf(run);
  const full = adapter === null ? { full_finetuning: true } : {};
  return [
    "from unsloth import FastLanguageModel  # before everything that it patches",
    "from datasets import load_dataset",
    "from trl import SFTConfig, SFTTrainer",
    "",
    `MODEL = ${pythonLiteral(run.model)}`,
    'DATASET = "your/dataset"  # messages, or prompt and completion, or text',
    "",
    ...call("model, tokenizer = FastLanguageModel.from_pretrained", [
      "model_name=MODEL",
      ...keywords({ max_seq_length: lengthOf(run), load_in_4bit: false, ...load, ...full }),
    ]),
    ...(adapter === null
      ? []
      : call("model = FastLanguageModel.get_peft_model", adapterArguments(run))),
    ...call("trainer = SFTTrainer", [
      "model=model",
      "processing_class=tokenizer",
      'train_dataset=load_dataset(DATASET, split="train")',
      `args=SFTConfig(**${pythonLiteral({ output_dir: "out", max_length: lengthOf(run), ...stepOf(run), ...rates })})`,
    ]),
    ...(adapter === null ? [] : ["model.print_trainable_parameters()"]),
    "trainer.train()",
    'model.save_pretrained("out")',
  ];
}
