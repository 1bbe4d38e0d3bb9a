/** Fields of `training` that a step is computed from. */

import { boolean, choice, either, ignored, integer, number, ownedBy, section } from "./row.js";

/** Longest sequence, largest batch, and most tokens of both: beyond any card, but still computed within 2 s. */
export const MAX_LENGTH = 2 ** 20;
export const MAX_TOKENS = 2 ** 20;
const MAX_BATCH = 2 ** 16;
const MAX_ACCUMULATION = 2 ** 16;

/** dtypes in which a base can be loaded; `auto` is what its config.json says, else what its first weights are stored in. */
const LOAD_DTYPES = ["float32", "bfloat16", "float16", "auto"] as const;

/** Source: transformers training_args.py `OptimizerNames`. */
const OTHER_OPTIMIZERS = [
  ...["adamw_torch_xla", "adamw_torch_npu_fused", "adamw_anyprecision", "adagrad", "rmsprop"],
  ...[
    "galore_adamw",
    "galore_adamw_8bit",
    "galore_adafactor",
    "galore_adamw_layerwise",
    "lomo",
    "adalomo",
  ],
  ...["galore_adamw_8bit_layerwise", "galore_adafactor_layerwise", "grokadamw", "stable_adamw"],
  ...["schedule_free_radam", "schedule_free_adamw", "schedule_free_sgd", "apollo_adamw"],
  ...["apollo_adamw_layerwise"],
];

const OTHER_ATTENTION = [
  ...["flash_attention_3", "flash_attention_4", "flex_attention", "paged"],
  ...["kernels-community/flash-attn2", "kernels-community/flash-attn3"],
];

/** Defaults are those of the conformance tracer. */
export const STEP_FIELDS = {
  ...ownedBy("lora-calc", {
    method: choice(["sft", "dpo"], "TRL's trainer", {
      default: "sft",
      beyond: ["kto", "orpo", "cpo", "reward", "grpo", "rloo"],
      flag: ["--method"],
      argument: "name",
    }),
  }),
  ...ownedBy("TrainingArguments", {
    per_device_train_batch_size: integer("sequences per step on one GPU", {
      ...{ min: 1, max: MAX_BATCH, default: 1 },
      flag: ["--batch-size", "--per-device-train-batch-size", "--micro-batch-size"],
      argument: "n",
    }),
  }),
  ...ownedBy("TRL", {
    max_length: integer("tokens per sequence after padding or packing", {
      ...{ min: 1, max: MAX_LENGTH, default: 1024, unit: "tokens" as const },
      flag: [
        ...["--max-length", "--sequence-length", "--max-seq-length", "--max-seq-len"],
        ...["--sequence-len", "--cutoff-len"],
      ],
      argument: "tokens",
    }),
  }),
  ...ownedBy("TrainingArguments", {
    gradient_accumulation_steps: integer("micro-batches per optimizer step", {
      ...{ min: 1, max: MAX_ACCUMULATION, default: 1 },
      flag: ["--grad-accum", "--gradient-accumulation-steps"],
      argument: "n",
    }),
    gradient_checkpointing: boolean("recompute activations in backward", {
      default: true,
      flag: ["--gradient-checkpointing"],
    }),
  }),
  ...ownedBy("lora-calc", {
    use_reentrant: boolean("reentrant checkpointing", {
      default: false,
      flag: ["--use-reentrant"],
    }),
    selective_checkpointing: boolean("checkpoints keep what attention gave (TRL's selective)", {
      default: false,
      flag: ["--selective-checkpointing"],
    }),
  }),
  ...ownedBy("TrainingArguments", {
    optim: choice(
      [
        ...["adamw_torch", "adamw_torch_fused", "adamw_8bit", "adamw_bnb_8bit"],
        ...["paged_adamw_32bit", "paged_adamw_8bit", "adamw_torch_8bit", "adamw_torch_4bit"],
        ...["adafactor", "sgd", "lion_32bit", "lion_8bit", "paged_lion_32bit", "paged_lion_8bit"],
        ...["ademamix", "ademamix_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit"],
        ...["rmsprop_bnb", "rmsprop_bnb_32bit", "rmsprop_bnb_8bit"],
      ] as const,
      "optimizer",
      {
        default: "adamw_torch_fused",
        beyond: OTHER_OPTIMIZERS,
        flag: ["--optim", "--optimizer"],
        argument: "name",
      },
    ),
    bf16: boolean("forward and loss run under bf16 autocast", { default: true, flag: ["--bf16"] }),
    fp16: boolean("forward and loss run under fp16 autocast, with a loss scaler", {
      default: false,
      flag: ["--fp16"],
    }),
    max_grad_norm: number("norm to clip gradients to, 0 is none", {
      ...{ min: 0, default: 1, flag: ["--max-grad-norm"], argument: "norm" },
    }),
  }),
  ...ownedBy("transformers", {
    attn_implementation: choice(["sdpa", "eager", "xformers", "flash_attention_2"], "attention", {
      default: "sdpa",
      beyond: OTHER_ATTENTION,
      flag: ["--attn-implementation", "--attention"],
      argument: "name",
    }),
  }),
  ...ownedBy("lora-calc", {
    loss: choice(
      [
        ...["hf", "nll", "chunked_nll", "fused", "liger", "cce", "unsloth", "litgpt"],
        "multiple_negatives_ranking",
      ] as const,
      "program of the loss",
      {
        default: "chunked_nll",
        beyond: ["dft"],
        flag: ["--loss"],
        argument: "loss",
      },
    ),
  }),
  ...ownedBy("TrainingArguments", {
    use_liger_kernel: boolean("Liger's kernels and fused loss", {
      default: false,
      flag: ["--use-liger-kernel"],
    }),
  }),
  ...ownedBy("lora-calc", {
    prepare_kbit: boolean("prepare_model_for_kbit_training runs before the adapters are added", {
      default: false,
      flag: ["--prepare-kbit"],
    }),
  }),
  ...ownedBy("transformers", {
    dtype: choice(LOAD_DTYPES, "dtype the base is loaded in", {
      default: "bfloat16",
      flag: ["--dtype"],
      argument: "dtype",
    }),
  }),
  ...ownedBy("lora-calc", {
    adapter_dtype: choice(
      ["auto", "float32", "bfloat16", "float16"],
      "dtype of what trains, PEFT's own choice with auto",
      { default: "auto", flag: ["--adapter-dtype"], argument: "dtype" },
    ),
    loop: choice(
      ["trainer", "plain", "function"],
      "who loops; by hand: plain keeps the outputs alive, function ends them with a step",
      { default: "trainer", flag: ["--loop"], argument: "loop" },
    ),
    set_to_none: boolean("zero_grad frees the gradients; else they stay, as zeros", {
      default: true,
      flag: ["--set-to-none"],
    }),
    packed_sequences: integer(
      "sequences that a packed batch, one row of it, is made of; 0 is no packing",
      {
        ...{ min: 0, max: MAX_TOKENS, default: 0 },
        flag: ["--packed-sequences"],
        argument: "n",
      },
    ),
    padding: boolean("batches contain padding, so a real attention mask is built", {
      default: false,
      flag: ["--padding"],
    }),
  }),
  ...ownedBy("transformers", {
    max_target_length: integer("tokens of the labels of an encoder-decoder", {
      ...{ min: 1, max: MAX_LENGTH, default: 128, unit: "tokens" as const },
      flag: ["--max-target-length"],
      argument: "n",
    }),
  }),
  ...ownedBy("sentence-transformers", {
    pooling_mode: choice(["mean", "cls", "lasttoken"], "how tokens become one vector of a text", {
      default: "mean",
      flag: ["--pooling-mode"],
      argument: "name",
    }),
  }),
  ...ownedBy("TRL", {
    router_aux_loss_coef: number("weight of the loss that balances experts, 0 is none", {
      ...{ min: 0, default: 0 },
    }),
  }),
};

/** Keys of `liger_kernel_config`; Liger drops those that a model's patch does not have. */
const LIGER_FIELDS = ownedBy("TrainingArguments", {
  rms_norm: boolean("Liger's RMSNorm", { default: true }),
  rope: boolean("Liger's rotary embeddings", { default: true }),
  swiglu: boolean("Liger's gated MLP", { default: true }),
  geglu: boolean("Liger's gated MLP of models with GELU", { default: true }),
  fused_linear_cross_entropy: boolean("Liger's head and loss in one", { default: true }),
  cross_entropy: boolean("Liger's cross entropy on whole logits", { default: false }),
  layer_norm: boolean("Liger's LayerNorm", { changes: "nothing" }),
});

/** Fields of model_init_kwargs. */
const MODEL_INIT_FIELDS = ownedBy("transformers", {
  dtype: choice(LOAD_DTYPES, "dtype the base is loaded in"),
  torch_dtype: choice(LOAD_DTYPES, "old name of dtype"),
  attn_implementation: choice(["sdpa", "eager", "xformers", "flash_attention_2"], "attention", {
    beyond: OTHER_ATTENTION,
  }),
  ...ignored({
    trust_remote_code: "run the repository's own classes",
    revision: "commit or branch of the checkpoint",
    device_map: "where the modules are loaded to",
    low_cpu_mem_usage: "load without a second copy on the host",
    token: "access token of the Hub",
    cache_dir: "where downloads are kept",
    use_safetensors: "which files are read",
    local_files_only: "ask no network",
    use_cache: "keys and values are kept for generation",
  }),
});

/** Fields of gradient_checkpointing_kwargs. */
const CHECKPOINT_FIELDS = {
  ...ownedBy("TrainingArguments", { use_reentrant: boolean("reentrant checkpointing") }),
  ...ownedBy("TRL", { selective: boolean("checkpoints keep what attention gave") }),
};

export const MORE_STEP_FIELDS = {
  ...ownedBy("lora-calc", {
    lengths: either(
      [{ kind: "integers" }, { kind: "map", of: { kind: "integer" } }],
      "tokens of the micro-batches in turn, or how many batches there are of each: {tokens: batches}",
      { unit: "tokens", flag: ["--lengths"], argument: "n,n or n:batches,n:batches" },
    ),
  }),
  ...ownedBy("Unsloth", {
    max_seq_length: integer("tokens that the loader makes room for; of other stacks max_length", {
      ...{ min: 1, max: MAX_LENGTH, unit: "tokens" as const },
    }),
    embedding_learning_rate: number(
      "learning rate of trained copies of embeddings and head, whose state is then 8-bit, too",
      { min: 0 },
    ),
  }),
  ...ownedBy("TRL", {
    pad_to_multiple_of: integer("batches are padded up to a multiple of it", {
      ...{ min: 1, max: MAX_LENGTH, unit: "tokens" as const },
    }),
    packing: boolean("several examples in one sequence", { flag: ["--packing"] }),
    packing_strategy: choice(["bfd", "bfd_split", "wrapped"], "how examples are packed", {
      flag: ["--packing-strategy"],
      argument: "name",
    }),
    padding_free: boolean("a batch as one long sequence, without padding"),
    model_init_kwargs: section(MODEL_INIT_FIELDS, "what from_pretrained is given"),
  }),
  ...ownedBy("TrainingArguments", {
    torch_empty_cache_steps: integer(
      "steps between two that give free memory back to the driver, each before its backward",
      { min: 1 },
    ),
    liger_kernel_config: section(LIGER_FIELDS, "which of Liger's kernels are on"),
    gradient_checkpointing_kwargs: section(CHECKPOINT_FIELDS, "how checkpoints are made"),
    activation_checkpointing: boolean("name of gradient_checkpointing from transformers 5.23"),
    activation_checkpointing_kwargs: section(CHECKPOINT_FIELDS, "how checkpoints are made"),
  }),
};
