/** Which note explains what: the path of a control, or a part of memory. */

import { MEMORY_ROWS } from "lora-calc";
import type { MemoryRowName } from "lora-calc";

export type Subject =
  | { readonly kind: "rank" | "alpha" | "targets" | "tokens" }
  | { readonly kind: "part"; readonly part: MemoryRowName };

const part = (name: MemoryRowName): Subject => ({ kind: "part", part: name });

const OF_CONTROL: Readonly<Record<string, Subject>> = {
  "adapter.r": { kind: "rank" },
  "adapter.lora_alpha": { kind: "alpha" },
  "adapter.use_rslora": { kind: "alpha" },
  "adapter.use_dora": { kind: "rank" },
  "adapter.bias": { kind: "rank" },
  "adapter.target_modules": { kind: "targets" },
  "training.per_device_train_batch_size": { kind: "tokens" },
  "training.max_length": { kind: "tokens" },
  "training.gradient_checkpointing": part("checkpoints"),
  "training.optim": part("optimizer"),
  "training.loss": part("logits"),
  "training.attn_implementation": part("activations"),
  "training.adapter_dtype": part("adapters"),
  "training.prepare_kbit": part("weights"),
  quantization: part("weights"),
  ...Object.fromEntries(MEMORY_ROWS.map((name) => [`part:${name}`, part(name)])),
};

/** Undefined for what has no note, so that the last one stays. */
export function subjectAt(target: EventTarget | null): Subject | undefined {
  const place = target instanceof Element ? target.closest<HTMLElement>("[data-note]") : null;
  return OF_CONTROL[place?.dataset["note"] ?? ""];
}
