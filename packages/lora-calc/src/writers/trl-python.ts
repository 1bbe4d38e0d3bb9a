/** A Python script that trains with TRL: SFTTrainer or DPOTrainer. */

import { TRAINING_FIELDS } from "../fields/scenario.js";
import type { FieldTable } from "../fields/row.js";
import { asScenario } from "../exchange/as-scenario.js";
import { pythonLiteral } from "../exchange/python-literal.js";
import type { JsonObject } from "../problem/fields.js";
import type { Scenario } from "../scenario.js";
import { call, keywords } from "./python.js";
import { defined, without } from "./writer.js";
import type { Run, Writer } from "./writer.js";

const ROWS: FieldTable = TRAINING_FIELDS;

export const TRL_PYTHON_WRITER: Writer = {
  trainer: "TRL",
  release: "TRL 1.13 and 1.16",
  stack: "trl-1.16",
  fileName: "train.py",
  command: ({ cards }) =>
    cards > 1 ? `accelerate launch --num_processes ${cards} train.py` : "python train.py",
  toFill: "DATASET",
  body: (run) => ({
    text: `${scriptOf(run).join("\n")}\n`,
    scenario: saidByTrl(run),
    findings: [],
  }),
};

function isDpo({ training }: Run): boolean {
  return training["method"] === "dpo";
}

/** What the arguments say; programs that the calculator alone names are the trainer's own. */
export function saidByTrl(run: Run): Scenario {
  return asScenario({
    model: run.model,
    adapter: run.adapter,
    ...(run.quantization === null ? {} : { quantization: run.quantization }),
    training: {
      ...(isDpo(run) ? { method: "dpo" } : {}),
      ...without(argumentsOf(run), ["output_dir"]),
      ...loadedAs(run),
      ...run.rates,
    },
    stack: "trl-1.16",
  });
}

/** Fields of SFTConfig or DPOConfig. */
function argumentsOf({ training, rates }: Run): JsonObject {
  const { use_reentrant: isReentrant, selective_checkpointing: isSelective } = training;
  const checkpoints = defined({
    use_reentrant: isReentrant,
    ...(isSelective === true ? { selective: true } : {}),
  });
  const own = Object.entries(training).filter(
    ([name]) => ROWS[name]?.owner === "TRL" || ROWS[name]?.owner === "TrainingArguments",
  );
  const { warmup_ratio: share, ...rest } = rates;
  return {
    output_dir: "out",
    ...Object.fromEntries(own),
    ...(Object.keys(checkpoints).length === 0
      ? {}
      : { gradient_checkpointing_kwargs: checkpoints }),
    ...(share === undefined ? {} : { warmup_steps: share }),
    ...rest,
  };
}

/** What from_pretrained is given. */
function loadedAs({ training }: Run): JsonObject {
  return defined({
    dtype: training["dtype"],
    attn_implementation: training["attn_implementation"],
  });
}

function scriptOf(run: Run): readonly string[] {
  return [
    ...trlDefinitions(run),
    "",
    "",
    'if __name__ == "__main__":',
    "    run = trainer()",
    ...(run.adapter === null ? [] : ["    run.model.print_trainable_parameters()"]),
    "    run.train()",
    "    run.save_model()",
  ];
}

/** The script up to what it does: imports, and functions that make configurations and the trainer. */
export function trlDefinitions(run: Run): readonly string[] {
  const { adapter, quantization } = run;
  const [config, trainer] = isDpo(run) ? ["DPOConfig", "DPOTrainer"] : ["SFTConfig", "SFTTrainer"];
  const packs = quantization !== null;
  return [
    ...(packs ? ["import torch"] : []),
    "from datasets import load_dataset",
    ...(adapter === null ? [] : ["from peft import LoraConfig"]),
    ...(packs ? ["from transformers import BitsAndBytesConfig"] : []),
    `from trl import ${config}, ${trainer}`,
    "",
    `MODEL = ${pythonLiteral(run.model)}`,
    `DATASET = "your/dataset"  # ${isDpo(run) ? "prompt, chosen, rejected" : "messages, or prompt and completion, or text"}`,
    ...(adapter === null ? [] : ["", "", ...adapterLines(adapter)]),
    ...(packs ? ["", "", ...packingLines(quantization, run.training["dtype"])] : []),
    "",
    "",
    `def training_args(**changes) -> ${config}:`,
    `    return ${config}(`,
    "        **{",
    ...keyLines({ ...argumentsOf(run), model_init_kwargs: loadedAs(run) }),
    "        }",
    "        | changes",
    "    )",
    "",
    "",
    `def trainer(model=MODEL, dataset=None, **changes) -> ${trainer}:`,
    ...call(
      `return ${trainer}`,
      [
        "model=model",
        "args=training_args(**changes)",
        'train_dataset=dataset if dataset is not None else load_dataset(DATASET, split="train")',
        ...(packs ? ["quantization_config=quantization_config()"] : []),
        ...(adapter === null ? [] : ["peft_config=lora_config()"]),
      ],
      "    ",
    ),
  ];
}

function keyLines(fields: JsonObject): readonly string[] {
  return Object.entries(fields).map(
    ([name, value]) => `            ${pythonLiteral(name)}: ${pythonLiteral(value)},`,
  );
}

function adapterLines(adapter: JsonObject): readonly string[] {
  const fields = without(adapter, ["peft_type"]);
  return [
    "def lora_config() -> LoraConfig:",
    ...call("return LoraConfig", keywords(fields), "    "),
  ];
}

function packingLines(quantization: JsonObject, dtype: unknown): readonly string[] {
  const isFour = quantization["load_in_4bit"] === true;
  const compute = isFour ? { bnb_4bit_compute_dtype: dtype ?? "bfloat16" } : {};
  return [
    "def quantization_config() -> BitsAndBytesConfig:",
    ...call("return BitsAndBytesConfig", keywords({ ...compute, ...quantization }), "    "),
  ];
}
