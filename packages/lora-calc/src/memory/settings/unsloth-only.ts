/** What Unsloth alone takes, and what it does not take. */

import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { StackProfile } from "../../stacks/profile.js";
import type { Quantization } from "./quantization.js";
import type { TrainingSettings } from "./training.js";

/** Stops at settings that only Unsloth has, under another stack. */
export function rejectOutside(
  stack: StackProfile | undefined,
  { loss, attn_implementation: attention }: TrainingSettings,
  given: JsonObject,
): void {
  if (loss === "unsloth" || (loss === "litgpt" && stack?.runsLitgpt !== true)) {
    const [owner, wanted] =
      loss === "unsloth" ? ["Unsloth", "a release of Unsloth"] : ["LitGPT", "litgpt-0.5"];
    reject({
      code: "invalid_value",
      path: "training.loss",
      message: `training.loss ${loss} is ${owner}'s own; set stack to ${wanted}, or take another loss`,
      received: loss,
    });
  }
  if (attention === "xformers") {
    reject({
      code: "unsupported",
      path: "training.attn_implementation",
      message:
        "training.attn_implementation xformers is Unsloth's; sdpa, flash_attention_2 and eager run here",
      received: attention,
      expected: ["sdpa", "flash_attention_2", "eager"],
    });
  }
  const rate = given["embedding_learning_rate"] ?? null;
  if (rate !== null) {
    reject({
      code: "invalid_value",
      path: "training.embedding_learning_rate",
      message:
        "training.embedding_learning_rate is of UnslothTrainer; set stack to a release of Unsloth, or leave it out",
      received: rate,
    });
  }
  const { max_seq_length: room, max_length: length } = given;
  if ((room ?? length) === (length ?? room)) return;
  reject({
    code: "invalid_value",
    path: "training.max_seq_length",
    message:
      "training.max_seq_length and training.max_length say different things, which only Unsloth tells apart; keep one",
    received: room,
    expected: length,
  });
}

interface Wrong {
  readonly name: string;
  readonly received: unknown;
  readonly message: string;
  readonly expected: string;
}

/** Stops at settings that Unsloth does not have. */
export function rejectOther(
  settings: TrainingSettings,
  quantization: Quantization | undefined,
): void {
  const wrong = [...wrongPrograms(settings), ...wrongDtypes(settings)][0];
  if (wrong !== undefined) {
    const { name, ...rest } = wrong;
    reject({ code: "invalid_value", path: `training.${name}`, ...rest });
  }
  if (quantization?.kind !== "4bit" || (quantization.type === "nf4" && quantization.doubleQuant))
    return;
  reject({
    code: "invalid_value",
    path: "quantization",
    message:
      "Unsloth loads 4 bits as nf4 with double quantization; leave the other fields of quantization out",
    received: quantization.type,
    expected: "load_in_4bit alone",
  });
}

function wrongPrograms(settings: TrainingSettings): readonly Wrong[] {
  const { loss, attn_implementation: attention, preference, use_liger_kernel: liger } = settings;
  const ofLoss = {
    ...{ name: "loss", received: loss, expected: "unsloth" },
    message: `Unsloth has a loss of its own, and ${loss} does not run there; leave training.loss out`,
  };
  const ofAttention = {
    ...{ name: "attn_implementation", received: attention },
    message: `Unsloth takes flash-attn where it is installed, else xformers; ${attention} is its last resort and has no program here`,
    expected: "xformers or flash_attention_2",
  };
  const ofLiger = {
    ...{ name: "use_liger_kernel", received: true, expected: "false" },
    message: "Unsloth's kernels stand where Liger's would; leave training.use_liger_kernel out",
  };
  const ofCache = {
    ...{ name: "torch_empty_cache_steps", received: settings.emptiesCacheEvery, expected: "null" },
    message:
      "torch_empty_cache_steps in the training step that Unsloth writes has no program here; leave it out",
  };
  return [
    ...(settings.emptiesCacheEvery === undefined ? [] : [ofCache]),
    ...(liger ? [ofLiger] : []),
    ...(preference === undefined && loss !== "unsloth" ? [ofLoss] : []),
    ...(attention === "sdpa" || attention === "eager" ? [ofAttention] : []),
  ];
}

function wrongDtypes(settings: TrainingSettings): readonly Wrong[] {
  const { adapter_dtype: adapters, bf16, fp16, dtype } = settings;
  const half = bf16 ? "bfloat16" : fp16 ? "float16" : undefined;
  const ofAdapters = {
    ...{ name: "adapter_dtype", received: adapters, expected: "float32" },
    message: "Unsloth keeps adapters in float32; leave training.adapter_dtype out",
  };
  const ofBase = {
    ...{ name: "dtype", received: dtype, expected: half ?? "" },
    message: `Unsloth trains a model in the dtype that it was loaded in: ${dtype} under ${bf16 ? "bf16" : "fp16"} stops (TypeError); leave training.dtype out`,
  };
  const isApart = half !== undefined && dtype !== half && dtype !== "float32";
  return [
    ...(adapters === "auto" || adapters === "float32" ? [] : [ofAdapters]),
    ...(isApart ? [ofBase] : []),
  ];
}
