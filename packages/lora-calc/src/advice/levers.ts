/**
 * Switches that lower the memory of a run. Each knows when it applies, what it changes in the scenario and what it costs;
 * its saving is found by running the estimate again, never from a table.
 */

import type { LeverId } from "../fields/result-names.js";
import type { JsonObject } from "../problem/fields.js";
import { isObject } from "../problem/fields.js";
import type { LossName, TrainingSettings } from "../memory/settings/training.js";
import type { Change, Situation } from "./situation.js";
import { underUnsloth } from "./under-unsloth.js";
import { findStack, UNSLOTH_STACK } from "../stacks/stacks.js";

export interface LeverRule {
  readonly id: LeverId;
  readonly text: string;
  /** What it costs in time or quality, in words, with its source where one is known. */
  readonly cost: string;
  /** `free` switches are offered before those that slow the run down, these before another library, and all before those that change the training. */
  readonly price: "free" | "time" | "library" | "quality";
  /** The change, or undefined when the lever is already pulled or does not apply. */
  readonly change: (situation: Situation) => Change | undefined;
}

const training = (fields: Partial<TrainingSettings>): Change => ({ training: { ...fields } });

/** Losses that never build the logits of a whole batch by TRL's own code. */
const CHUNKED: readonly LossName[] = ["chunked_nll", "fused"];

export const LEVERS: readonly LeverRule[] = [
  {
    id: "bf16_base",
    text: "Load the base model in bfloat16",
    cost: "none on cards with bf16",
    price: "free",
    change: ({ training: { dtype } }) =>
      dtype === "float32" ? training({ dtype: "bfloat16" }) : undefined,
  },
  {
    id: "chunked_loss",
    text: "Compute the loss in chunks (TRL loss_type chunked_nll; from TRL 1.15 loss_type nll)",
    cost: "none known; the same loss",
    price: "free",
    change: ({ training: { method, loss, loop, fusesHead }, hasNoLength }) =>
      method !== "sft" || hasNoLength === true || CHUNKED.includes(loss) || loop === "plain"
        ? undefined
        : training({ loss: fusesHead ? "fused" : "chunked_nll" }),
  },
  {
    id: "precomputed_reference",
    text: "Compute the reference's log-probabilities before training (precompute_ref_log_probs)",
    cost: "time for a pass over the data before training; the same loss",
    price: "free",
    change: ({ training: { preference } }) =>
      preference === undefined || preference.precompute_ref_log_probs
        ? undefined
        : { training: { precompute_ref_log_probs: true } },
  },
  {
    id: "no_kbit_preparation",
    text: "Leave out prepare_model_for_kbit_training",
    cost: "none known; TRL trains without it",
    price: "free",
    change: ({ training: { prepare_kbit: prepares } }) =>
      prepares ? training({ prepare_kbit: false }) : undefined,
  },
  {
    id: "sdpa",
    text: "Use SDPA attention instead of eager",
    cost: "none; it is faster",
    price: "free",
    change: ({ training: { attn_implementation: attention } }) =>
      attention === "eager" ? training({ attn_implementation: "sdpa" }) : undefined,
  },
  {
    id: "fused_adamw",
    text: "Use the fused AdamW kernel",
    cost: "none; the same update",
    price: "free",
    change: ({ training: { optim } }) =>
      optim === "adamw_torch" ? training({ optim: "adamw_torch_fused" }) : undefined,
  },
  {
    id: "double_quant",
    text: "Quantize the quantization constants too (double quantization)",
    cost: "none measurable (QLoRA, arXiv:2305.14314)",
    price: "free",
    change: ({ quantization }) =>
      quantization?.["load_in_4bit"] === true && quantization["bnb_4bit_use_double_quant"] !== true
        ? { quantization: { bnb_4bit_use_double_quant: true } }
        : undefined,
  },
  {
    id: "reentrant_int8",
    text: "Use reentrant checkpointing with int8",
    cost: "none known; bitsandbytes keeps every input otherwise",
    price: "free",
    change: ({
      quantization,
      training: { gradient_checkpointing: on, use_reentrant: reentrant },
    }) =>
      quantization?.["load_in_8bit"] === true && on && !reentrant
        ? training({ use_reentrant: true })
        : undefined,
  },
  {
    id: "checkpointing",
    text: "Turn gradient checkpointing on",
    cost: "about 20 to 30 % more time: every layer runs forward twice",
    price: "time",
    change: ({ training: { gradient_checkpointing: on } }) =>
      on ? undefined : training({ gradient_checkpointing: true }),
  },
  {
    id: "nf4",
    text: "Store the frozen weights in NF4 with double quantization (QLoRA)",
    cost: "time to de-quantize each weight, most felt with short batches; no loss measured in the QLoRA paper",
    price: "time",
    change: ({ quantization, adapter }) =>
      adapter === null || quantization?.["load_in_4bit"] === true
        ? undefined
        : {
            quantization: {
              load_in_8bit: false,
              load_in_4bit: true,
              bnb_4bit_quant_type: "nf4",
              bnb_4bit_use_double_quant: true,
            },
          },
  },
  {
    id: "empty_cache",
    text: "Give free memory back before every backward (torch_empty_cache_steps 1)",
    cost: "about 10 % more time (transformers' documentation)",
    price: "time",
    change: ({ training: { loop, unsloth, emptiesCacheEvery } }) =>
      loop !== "trainer" || unsloth !== undefined || emptiesCacheEvery !== undefined
        ? undefined
        : { training: { torch_empty_cache_steps: 1 } },
  },
  {
    id: "micro_batch",
    text: "Halve the micro-batch and accumulate twice as often",
    cost: "the same tokens per optimizer step, in smaller and slower pieces",
    price: "time",
    change: ({
      training: { per_device_train_batch_size: batch, gradient_accumulation_steps: steps },
    }) =>
      batch > 1
        ? training({
            per_device_train_batch_size: Math.floor(batch / 2),
            gradient_accumulation_steps: steps * 2,
          })
        : undefined,
  },
  {
    id: "unsloth",
    text: `Train the same run under ${findStack(UNSLOTH_STACK).name}`,
    cost: "another library patches the model: adapters in float32, kernels, loss and checkpoints of its own, one card",
    price: "library",
    change: underUnsloth,
  },
  {
    id: "bf16_adapters",
    text: "Keep the adapters in bfloat16",
    cost: "small updates may be rounded away",
    price: "quality",
    change: ({ adapter, training: { adapter_dtype: dtype } }) =>
      adapter === null || dtype === "bfloat16"
        ? undefined
        : training({ adapter_dtype: "bfloat16" }),
  },
  {
    id: "no_dropout",
    text: "Set lora_dropout to 0",
    cost: "less regularisation on small datasets",
    price: "quality",
    change: ({ adapter }) =>
      typeof adapter?.["lora_dropout"] === "number" && adapter["lora_dropout"] > 0
        ? { adapter: { lora_dropout: 0 } }
        : undefined,
  },
  {
    id: "no_dora",
    text: "Turn DoRA off",
    cost: "plain LoRA; DoRA helps most at low rank (arXiv:2402.09353)",
    price: "quality",
    change: ({ adapter }) =>
      adapter?.["use_dora"] === true ? { adapter: { use_dora: false } } : undefined,
  },
  {
    id: "adamw_8bit",
    text: "Use 8-bit AdamW",
    cost: "quantized moments; matters for full fine-tuning, little for LoRA",
    price: "quality",
    change: ({ training: { optim } }) =>
      ["adamw_torch", "adamw_torch_fused", "paged_adamw_32bit"].includes(optim)
        ? training({ optim: "adamw_bnb_8bit" })
        : undefined,
  },
  {
    id: "half_length",
    text: "Halve the sequence length",
    cost: "longer examples are cut",
    price: "quality",
    change: ({ training: { max_length: length }, hasNoLength }) =>
      length >= 256 && hasNoLength !== true
        ? training({ max_length: Math.floor(length / 2) })
        : undefined,
  },
  {
    id: "half_rank",
    text: "Halve the rank",
    cost: "less capacity",
    price: "quality",
    change: ({ adapter }) =>
      typeof adapter?.["r"] === "number" && adapter["r"] >= 2
        ? { adapter: { r: Math.floor(adapter["r"] / 2) } }
        : undefined,
  },
];

const PRICE_ORDER: readonly LeverRule["price"][] = ["free", "time", "library", "quality"];

/** Free levers first, then those that cost time, then the other library, then those that change the training. */
export const LEVERS_BY_PRICE: readonly LeverRule[] = [...LEVERS].sort(byPrice);

export function byPrice(left: LeverRule, right: LeverRule): number {
  return PRICE_ORDER.indexOf(left.price) - PRICE_ORDER.indexOf(right.price);
}

/** The scenario with a change applied. */
export function applyChange(scenario: JsonObject, change: Change): JsonObject {
  const changed: Record<string, unknown> = { ...scenario };
  for (const [section, fields] of Object.entries(change)) {
    if (!isObject(fields)) {
      changed[section] = fields;
      continue;
    }
    const before = scenario[section];
    changed[section] = { ...(isObject(before) ? before : {}), ...fields };
  }
  return changed;
}
