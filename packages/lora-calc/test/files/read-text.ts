/** Reads a training script in a test, which is one. */

import { parsePython } from "../../files/python/parse-python.js";
import { readPythonScript } from "../../src/formats/python/read-script.js";
import type { TrainerFile } from "../../src/formats/read-file.js";

export function read(...lines: readonly string[]): TrainerFile {
  const found = readPythonScript(parsePython(lines.join("\n"), "train.py"));
  if (found === undefined) throw new Error("not recognized");
  return found;
}

/** What is told, as "code key". */
export function told({ findings }: TrainerFile): readonly string[] {
  return findings.map(({ code, key }) => `${code} ${key}`.trim());
}

/** What scripts begin with. */
export const IMPORTS = [
  "from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training",
  "from transformers import AutoModelForCausalLM, BitsAndBytesConfig, Trainer, TrainingArguments",
  "from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer",
  "from unsloth import FastLanguageModel, FastModel, is_bfloat16_supported",
  "import torch",
];
