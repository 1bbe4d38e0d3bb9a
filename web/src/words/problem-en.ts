/** What is wrong with an input, in the words of the page: its fields have labels, not paths. */

import type { Mend, Problem } from "lora-calc";

/** Labels of the fields that the page shows. */
const LABELS: Readonly<Record<string, string>> = {
  "adapter.r": "Rank r",
  "adapter.lora_alpha": "Alpha α",
  "adapter.target_modules": "Target modules",
  "adapter.lora_dropout": "Dropout",
  "adapter.bias": "Train biases",
  "adapter.task_type": "Task type",
  "training.per_device_train_batch_size": "Batch size",
  "training.max_length": "Sequence length",
  "training.gradient_accumulation_steps": "Gradient accumulation",
  "training.optim": "Optimizer",
  "training.loss": "Loss",
  "hardware.gpu": "GPU",
  stack: "Trainer's defaults",
};

/** The message with the label of its field in place of the path. */
export function problemText({ path, message }: Problem): string {
  const label = LABELS[path];
  return label === undefined ? message : message.replace(path, label);
}

/** What the button does that mends it. */
export function mendText({ path, value, name }: Mend): string {
  if (name !== undefined) return `Call it ${name}`;
  if (path === "stack") return `Compute under ${String(value)}`;
  if (value === undefined) return `Leave ${LABELS[path] ?? path} to its default`;
  return `Use ${typeof value === "string" ? value : JSON.stringify(value)}`;
}
