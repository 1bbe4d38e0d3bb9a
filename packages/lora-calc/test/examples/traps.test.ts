/** Fifteen traps of trainers' files: each is found in a file made for it, and nothing in the file without it. */

import { describe, expect, it } from "vitest";
import { parsePythonYaml } from "../../files/parse-yaml.js";
import { parsePython } from "../../files/python/parse-python.js";
import { auditRun } from "../../src/audit-run.js";
import { readPythonScript } from "../../src/formats/python/read-script.js";
import { readTrainerFile } from "../../src/formats/read-file.js";
import type { TrainerFile } from "../../src/formats/read-file.js";

function audited(text: string): readonly string[] {
  const isPython = text.includes("import ");
  const file: TrainerFile | undefined = isPython
    ? readPythonScript(parsePython(text, "train.py"))
    : readTrainerFile(parsePythonYaml(text, "config.yaml"));
  if (file === undefined) throw new Error("not recognized");
  const all = [...file.findings, ...auditRun(file.scenario).findings];
  return all.map(({ level, code, key }) => `${level} ${code} ${key}`.trim());
}

const AXOLOTL = `base_model: meta-llama/Llama-3.1-8B
adapter: qlora
load_in_4bit: true
lora_r: 16
lora_alpha: 32
lora_target_linear: true
sequence_len: 2048
micro_batch_size: 1
gradient_accumulation_steps: 8
gradient_checkpointing: true
attn_implementation: flash_attention_2
optimizer: adamw_bnb_8bit
learning_rate: 2e-4
bf16: auto
plugins:
  - axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin
datasets:
  - path: tatsu-lab/alpaca
    type: alpaca
`;
const TRL = `model_name_or_path: Qwen/Qwen3-4B
dtype: bfloat16
dataset_name: trl-lib/Capybara
use_peft: true
lora_r: 16
lora_target_modules: all-linear
max_length: 2048
learning_rate: 2e-4
eval_strategy: "no"
output_dir: out
`;
const LLAMA_FACTORY = `model_name_or_path: Qwen/Qwen3-4B
template: qwen3
stage: sft
finetuning_type: lora
lora_rank: 16
quantization_bit: 4
dataset: my_data
output_dir: out
bf16: true
cutoff_len: 1024
per_device_train_batch_size: 1
warmup_ratio: 0.1
`;
const SCRIPT = `import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

bnb = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_use_double_quant=True,
    bnb_4bit_compute_dtype=torch.bfloat16,
)
model = AutoModelForCausalLM.from_pretrained("Qwen/Qwen3-4B", quantization_config=bnb, dtype=torch.bfloat16)
trainer = SFTTrainer(
    model=model,
    args=SFTConfig(max_length=1024, learning_rate=2e-4),
    peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"),
)
`;
const MLX = `model: mlx-community/Qwen3-4B-4bit
fine_tune_type: lora
num_layers: -1
lora_parameters: {keys: [self_attn.q_proj], rank: 16, scale: 2.0, dropout: 0.0}
`;
const MLX_COUNTS = "note not_computed model";
const SWIFT = `model: Qwen/Qwen3-4B
tuner_type: lora
dataset: [train.jsonl]
torch_dtype: bfloat16
max_length: 2048
use_hf: true
`;

describe("a clean file", () => {
  it.each([
    ["Axolotl", AXOLOTL, []],
    ["TRL", TRL, []],
    ["LLaMA-Factory", LLAMA_FACTORY, []],
    ["a script", SCRIPT, []],
    ["MLX-LM", MLX, [MLX_COUNTS]],
    ["ms-swift", SWIFT, []],
  ])("of %s has nothing found", (_, text, found) => {
    expect(audited(text)).toEqual(found);
  });
});

/** A trap: its number in the list of them, the file, what stands there in place of what, and what is found. */
const TRAPS: readonly (readonly [string, string, readonly [string, string], readonly string[]])[] =
  [
    // 1. `2e-4` is a text to Python's YAML. These trainers read it as the number, which is tried; a field of ours does, too.
    [
      "1 a float without a point",
      AXOLOTL,
      ["lora_alpha: 32", "lora_alpha: 32\nlora_dropout: 5e-2"],
      [],
    ],
    [
      "2 a bare no",
      TRL,
      ['eval_strategy: "no"', "eval_strategy: no"],
      ["error trap eval_strategy"],
    ],
    [
      "3 TRL loads in float32",
      TRL,
      ["dtype: bfloat16\n", ""],
      ["warning estimate", "note estimate training.dtype"],
    ],
    [
      "4 four bits alone are fp4",
      SCRIPT,
      ['    bnb_4bit_quant_type="nf4",\n    bnb_4bit_use_double_quant=True,\n', ""],
      ["warning trap BitsAndBytesConfig.load_in_4bit"],
    ],
    [
      "5 from_pretrained takes no bits",
      SCRIPT,
      ["quantization_config=bnb", "load_in_4bit=True"],
      ["error trap from_pretrained.load_in_4bit", "warning estimate"],
    ],
    [
      "6 warmup_ratio is gone",
      TRL,
      ["learning_rate: 2e-4", "learning_rate: 2e-4\nwarmup_ratio: 0.1"],
      ["warning old_key warmup_ratio"],
    ],
    [
      "7 Axolotl packs under qlora alone",
      AXOLOTL,
      ["adapter: qlora", "adapter: lora"],
      ["error trap load_in_4bit"],
    ],
    [
      "8 an unknown key that is dropped",
      AXOLOTL,
      ["lora_r: 16", "lora_r: 16\nlora_dropuot: 0.1"],
      ["warning unknown_key lora_dropuot"],
    ],
    [
      "8 an unknown key that is refused",
      TRL,
      ["lora_r: 16", "lora_rank: 16"],
      ["error unknown_key lora_rank"],
    ],
    [
      "9 a rank that is a word",
      LLAMA_FACTORY,
      ["lora_rank: 16", "lora_rank: sixteen"],
      ["error refused adapter.r"],
    ],
    [
      "9 a type of bits that there is not",
      SCRIPT,
      ['"nf4"', '"nf5"'],
      ["error refused quantization.bnb_4bit_quant_type"],
    ],
    [
      "9 a start that there is not",
      SCRIPT,
      ['target_modules="all-linear"', 'target_modules="all-linear", init_lora_weights="bogus"'],
      ["error refused adapter.init_lora_weights"],
    ],
    ["9 a rank of nothing", SCRIPT, ["r=16", "r=0"], ["error refused adapter.r"]],
    [
      "10 MLX-LM has a scale, no alpha",
      MLX,
      ["scale: 2.0", "alpha: 32"],
      ["error trap lora_parameters.alpha", MLX_COUNTS],
    ],
    [
      "12 MLX-LM adapts the last 16 layers",
      MLX,
      ["num_layers: -1\n", ""],
      ["note assumed num_layers", MLX_COUNTS],
    ],
    ["13 ms-swift asks ModelScope", SWIFT, ["use_hf: true\n", ""], ["note assumed use_hf"]],
    ["without use_peft every weight trains", TRL, ["use_peft: true\n", ""], ["error trap lora_r"]],
    [
      "qlora is no type of LLaMA-Factory",
      LLAMA_FACTORY,
      ["finetuning_type: lora", "finetuning_type: qlora"],
      ["error trap finetuning_type"],
    ],
    [
      "two ways to warm up",
      AXOLOTL,
      ["lora_r: 16", "lora_r: 16\nwarmup_ratio: 0.1\nwarmup_steps: 10"],
      ["error trap warmup_ratio"],
    ],
    [
      "checkpoints are off",
      AXOLOTL,
      ["gradient_checkpointing: true\n", ""],
      ["note estimate training.gradient_checkpointing"],
    ],
  ];

describe("a trap", () => {
  it.each(TRAPS)("%s", (_, clean, [there, here], found) => {
    expect(clean).toContain(there);
    const own = audited(clean.replace(there, here));
    expect(own.filter((each) => each !== MLX_COUNTS || found.includes(each)).sort()).toEqual(
      [...found].sort(),
    );
  });
});
