/** Settings as LitGPT has them; what it does not have is refused by name. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { ModelDescription } from "../../model/description.js";
import { reject } from "../../problem/problem.js";
import type { StackProfile } from "../../stacks/profile.js";
import type { Quantization } from "./quantization.js";
import type { TrainingSettings } from "./training.js";
import { positionsFor } from "./unsloth.js";

interface Wrong {
  readonly name: string;
  readonly received: unknown;
  readonly message: string;
  readonly expected: string;
}

interface Described {
  readonly model: ModelDescription;
  readonly graph: ModuleGraph;
  readonly quantization: Quantization | undefined;
}

/** With what LitGPT's model is made from, under LitGPT. */
export function underLitgpt(
  stack: StackProfile | undefined,
  settings: TrainingSettings,
  { model, graph, quantization }: Described,
): TrainingSettings {
  if (stack?.runsLitgpt !== true) return settings;
  const optimizers = quantization === undefined ? OPTIMIZERS : PACKED_OPTIMIZERS;
  const [wrong] = [...wrongPrecision(settings), ...wrongSwitches(settings, optimizers)];
  if (wrong !== undefined) {
    const { name, ...rest } = wrong;
    reject({ code: "invalid_value", path: `training.${name}`, ...rest });
  }
  const positions = positionsFor(model, graph.modelType).most;
  return { ...settings, litgpt: { blockSize: Math.max(positions, settings.max_length) } };
}

/** Source: litgpt finetune/lora.py `setup` (precision), utils.py `get_default_supported_precision`. */
function wrongPrecision({ dtype, bf16, fp16, adapter_dtype: adapters }: TrainingSettings): Wrong[] {
  const isMixed16 = fp16;
  const isBoth = bf16 && dtype !== "float32";
  return [
    ...(isMixed16
      ? [
          {
            ...{ name: "fp16", received: true, expected: "false" },
            message:
              "16-mixed of LitGPT has no program here; bf16-mixed (bf16 over float32), bf16-true (dtype bfloat16), 16-true (dtype float16) and 32-true have",
          },
        ]
      : []),
    ...(isBoth
      ? [
          {
            ...{ name: "bf16", received: true, expected: "false" },
            message: `LitGPT has autocast over float32 alone (bf16-mixed); with dtype ${dtype} leave training.bf16 out`,
          },
        ]
      : []),
    ...(adapters === "auto" || adapters === dtype
      ? []
      : [
          {
            ...{ name: "adapter_dtype", received: adapters, expected: dtype },
            message:
              "LitGPT's adapters have the dtype of the base; leave training.adapter_dtype out",
          },
        ]),
  ];
}

const OPTIMIZERS: readonly string[] = ["adamw_torch", "adamw_torch_fused", "sgd"];
/** Beside packed weights PagedAdamW alone. Source: litgpt utils.py `instantiate_bnb_optimizer`. */
const PACKED_OPTIMIZERS: readonly string[] = ["paged_adamw_32bit"];

function wrongSwitches(settings: TrainingSettings, optimizers: readonly string[]): Wrong[] {
  const { gradient_checkpointing: checkpoints, max_grad_norm: norm, optim } = settings;
  const { attn_implementation: attention, use_liger_kernel: liger } = settings;
  const found: readonly (Wrong | false)[] = [
    checkpoints && {
      ...{ name: "gradient_checkpointing", received: true, expected: "false" },
      message: "LitGPT keeps every layer on one card; leave training.gradient_checkpointing out",
    },
    norm > 0 && {
      ...{ name: "max_grad_norm", received: norm, expected: "0" },
      message: "litgpt finetune_lora does not clip (max_norm is refused); leave it out",
    },
    !optimizers.includes(optim) && {
      ...{ name: "optim", received: optim, expected: optimizers.join(", ") },
      message:
        optimizers === PACKED_OPTIMIZERS
          ? "LitGPT takes PagedAdamW beside packed weights (paged_adamw_32bit); leave training.optim out"
          : `optimizer ${optim} under LitGPT has no program here; ${optimizers.join(", ")} have`,
    },
    attention !== "sdpa" && {
      ...{ name: "attn_implementation", received: attention, expected: "sdpa" },
      message: `LitGPT's model calls sdpa, and ${attention} is not one of its switches; leave training.attn_implementation out`,
    },
    liger && {
      ...{ name: "use_liger_kernel", received: true, expected: "false" },
      message: "Liger patches transformers' models, and LitGPT has its own; leave it out",
    },
    settings.prepare_kbit && {
      ...{ name: "prepare_kbit", received: true, expected: "false" },
      message: "PEFT prepares transformers' models, and LitGPT has its own; leave it out",
    },
    settings.packed_sequences > 0 && {
      ...{ name: "packing", received: true, expected: "false" },
      message: "LitGPT pads the samples of a batch, and packs none; leave training.packing out",
    },
    settings.loop !== "plain" && {
      ...{ name: "loop", received: settings.loop, expected: "plain" },
      message: "LitGPT has a loop of its own; leave training.loop out",
    },
  ];
  return found.filter((each) => each !== false);
}
