/**
 * Axolotl's YAML. Keys are those of its schema; the loader decides what they do.
 *
 * Source: axolotl 0.19.0 utils/schemas/*.py, loaders/model.py, loaders/adapter.py, integrations/*\/args.py.
 */

import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { finding, isOn, knownConfig, shown, targetAllLinear } from "./format.js";
import type { Draft, Format, KeyRow } from "./format.js";
import { AXOLOTL_RULES } from "./rules.js";
import { AXOLOTL_HARMLESS, AXOLOTL_OTHER, AXOLOTL_RATES } from "./axolotl-keys.js";

/** Switches of 2024 and 2025 that are one key now. Source: axolotl utils/schemas/validation.py. */
const OLD_ATTENTION: Readonly<Record<string, string>> = {
  flash_attention: "flash_attention_2",
  sdp_attention: "sdpa",
  eager_attention: "eager",
  xformers_attention: "xformers",
  flex_attention: "flex_attention",
  sage_attention: "sage",
};

const oldAttention = (name: string): KeyRow => ({
  now: "attn_implementation",
  read: (value) => (isOn(value) ? name : undefined),
});

const KEYS: Readonly<Record<string, KeyRow>> = {
  base_model: "together",
  adapter: "together",
  load_in_4bit: "together",
  load_in_8bit: "together",
  bnb_config_kwargs: "together",
  lora_target_linear: "together",
  lora_target_modules: "together",
  plugins: "together",
  cut_cross_entropy: "together",
  attn_implementation: "together",
  gradient_checkpointing: "together",
  optimizer: "together",
  bf16: "together",
  fp16: "together",
  batch_size: "together",
  rl: "together",
  sample_packing: "together",
  lora_r: { to: "adapter.r" },
  lora_alpha: { to: "adapter.lora_alpha" },
  lora_dropout: { to: "adapter.lora_dropout" },
  lora_modules_to_save: { to: "adapter.modules_to_save" },
  lora_target_parameters: { to: "adapter.target_parameters" },
  lora_rank_pattern: { to: "adapter.rank_pattern" },
  lora_alpha_pattern: { to: "adapter.alpha_pattern" },
  lora_fan_in_fan_out: { to: "adapter.fan_in_fan_out" },
  peft_use_dora: { to: "adapter.use_dora" },
  peft_use_rslora: { to: "adapter.use_rslora" },
  peft_init_lora_weights: { to: "adapter.init_lora_weights" },
  peft_layers_to_transform: { to: "adapter.layers_to_transform" },
  peft_layers_pattern: { to: "adapter.layers_pattern" },
  peft_trainable_token_indices: { to: "adapter.trainable_token_indices" },
  peft_ensure_weight_tying: { to: "adapter.ensure_weight_tying" },
  sequence_len: { to: "training.max_length" },
  micro_batch_size: { to: "training.per_device_train_batch_size" },
  gradient_accumulation_steps: { to: "training.gradient_accumulation_steps" },
  gradient_checkpointing_kwargs: { to: "training.gradient_checkpointing_kwargs" },
  selective_checkpointing: { to: "training.selective_checkpointing" },
  max_grad_norm: { to: "training.max_grad_norm" },
  torch_empty_cache_steps: { to: "training.torch_empty_cache_steps" },
  gc_steps: {
    now: "torch_empty_cache_steps",
    read: (value) => (typeof value === "number" && value > 0 ? value : undefined),
  },
  pad_to_multiple_of: { to: "training.pad_to_multiple_of" },
  ...Object.fromEntries(
    Object.entries(OLD_ATTENTION).map(([key, name]) => [key, oldAttention(name)]),
  ),
  evaluation_strategy: { now: "eval_strategy" },
  noisy_embedding_alpha: { now: "neftune_noise_alpha" },
  max_packed_sequence_len: { now: "sequence_len" },
  dpo_beta: { now: "rl_beta" },
};

export const AXOLOTL_FILE: Format = {
  trainer: "Axolotl",
  stack: "axolotl-0.19",
  recognizes: (file) =>
    typeof file["base_model"] === "string" && file["model_name_or_path"] === undefined,
  keys: KEYS,
  harmless: AXOLOTL_HARMLESS,
  rates: AXOLOTL_RATES,
  other: AXOLOTL_OTHER,
  neutral: {
    lora_mlp_kernel: true,
    lora_qkv_kernel: true,
    lora_o_kernel: true,
    low_cpu_mem_usage: true,
    device_map: "auto",
  },
  words: ["eval_strategy", "save_strategy", "lr_scheduler", "hub_strategy"],
  rules: AXOLOTL_RULES,
  unknownAre: "dropped",
  together: (file, draft) => {
    draft.model = file["base_model"];
    readAdapter(file, draft);
    readTargets(file, draft);
    readPrecision(file, draft);
    readAttention(file, draft);
    readCheckpoints(file, draft);
    readOptimizer(file, draft);
    readPlugins(file, draft);
    readBatch(file, draft);
    readMethod(file, draft);
  },
};

/**
 * Source: loaders/model.py `_set_quantization_config`: 4 bits for qlora alone, 8 bits for lora alone; a checkpoint that is packed
 * already is loaded as it is.
 */
function readAdapter(file: JsonObject, draft: Draft): void {
  const { adapter, load_in_4bit: four, load_in_8bit: eight } = file;
  if (adapter === undefined || adapter === null || adapter === "") draft.adapter = null;
  else if (adapter !== "lora" && adapter !== "qlora")
    finding(
      draft,
      "not_computed",
      "adapter",
      `adapter ${shown(adapter)} has no program here; lora, qlora and none have`,
    );
  if (adapter === "qlora" && isOn(four)) {
    const more = file["bnb_config_kwargs"];
    draft.quantization = { load_in_4bit: true, ...(isObject(more) ? more : {}) };
  } else if (adapter === "lora" && isOn(eight)) draft.quantization = { load_in_8bit: true };
  // Under qlora Axolotl stops, which is told beside this.
  else if (adapter === "qlora" || isPacked(draft.model)) return;
  else if (isOn(four)) {
    finding(
      draft,
      "trap",
      "load_in_4bit",
      `Axolotl packs 4 bits under adapter: qlora alone; with adapter: ${shown(adapter ?? "none")} the model is loaded in 16 bits`,
    );
  } else if (isOn(eight)) {
    finding(
      draft,
      "trap",
      "load_in_8bit",
      `Axolotl packs 8 bits under adapter: lora alone; with adapter: ${shown(adapter ?? "none")} the model is loaded in 16 bits`,
    );
  }
}

function isPacked(model: unknown): boolean {
  return typeof model === "string" && knownConfig(model)?.["quantization_config"] !== undefined;
}

/** Source: loaders/adapter.py `load_lora`: the names of all linear layers join those that are given. */
function readTargets(file: JsonObject, draft: Draft): void {
  if (draft.adapter === null) return;
  const { lora_target_linear: all, lora_target_modules: named } = file;
  if (isOn(all)) draft.adapter["target_modules"] = targetAllLinear(draft, "lora_target_linear");
  else if (named !== undefined && named !== null) draft.adapter["target_modules"] = named;
}

function readPrecision({ bf16, fp16 }: JsonObject, { training }: Draft): void {
  if (bf16 !== undefined && bf16 !== null) training["bf16"] = isOn(bf16);
  if (isOn(fp16)) training["fp16"] = true;
}

const ATTENTION = ["flash_attention_2", "sdpa", "eager"];

function readAttention(file: JsonObject, draft: Draft): void {
  const attention = file["attn_implementation"];
  if (typeof attention === "string" && ATTENTION.includes(attention))
    draft.training["attn_implementation"] = attention;
  else if (attention !== undefined && attention !== null)
    finding(
      draft,
      "not_computed",
      "attn_implementation",
      `attn_implementation ${shown(attention)} has no program under Axolotl here; the answer is with its default`,
    );
  if (!isOn(file["sample_packing"])) return;
  if (attention === "flash_attention_2") draft.training["packing"] = true;
  else
    finding(
      draft,
      "not_computed",
      "sample_packing",
      "packed rows are computed under attn_implementation: flash_attention_2; the answer is one of full rows of one sequence",
    );
}

function readCheckpoints({ gradient_checkpointing: given }: JsonObject, draft: Draft): void {
  if (given === undefined || given === null) return;
  draft.training["gradient_checkpointing"] = given !== false;
  if (typeof given === "string" && given !== "true")
    finding(
      draft,
      "not_computed",
      "gradient_checkpointing",
      `checkpoints that wait elsewhere (${given}) have no program here; the answer is with checkpoints that stay on the card`,
    );
}

/** Optimizers of its own. Source: utils/schemas/enums.py `CustomSupportedOptimizers`. */
const OWN_OPTIMIZERS = [
  ...["optimi_adamw", "ao_adamw_4bit", "ao_adamw_8bit", "ao_adamw_fp8", "adopt_adamw", "adamc"],
  ...["came_pytorch", "muon", "dion", "sinkgd", "polora", "flash_adamw", "flash_adam", "flash_sgd"],
];

function readOptimizer({ optimizer }: JsonObject, draft: Draft): void {
  if (typeof optimizer !== "string") return;
  if (OWN_OPTIMIZERS.includes(optimizer))
    finding(
      draft,
      "not_computed",
      "optimizer",
      `optimizer ${optimizer} has no program here; the answer is with adamw_torch_fused`,
    );
  else draft.training["optim"] = optimizer;
}

const CUT = ".CutCrossEntropyPlugin";
const LIGER = ".LigerPlugin";

function readPlugins(file: JsonObject, draft: Draft): void {
  const { plugins, cut_cross_entropy: cut } = file;
  const named = Array.isArray(plugins) ? plugins.filter((each) => typeof each === "string") : [];
  for (const plugin of named) {
    if (plugin.endsWith(CUT)) {
      if (cut !== false) draft.training["loss"] = "cce";
    } else {
      const what = plugin.endsWith(LIGER)
        ? "Liger's kernels under Axolotl"
        : `the plugin ${plugin}`;
      finding(
        draft,
        "not_computed",
        "plugins",
        `${what} have no program here; the answer is without`,
      );
    }
  }
  if (isOn(cut) && !named.some((plugin) => plugin.endsWith(CUT)))
    finding(
      draft,
      "trap",
      "cut_cross_entropy",
      "cut_cross_entropy is read by its plugin; list axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin under plugins",
    );
}

/** Source: utils/config/__init__.py `normalize_config`: batch_size is what an optimizer step sees. */
function readBatch(
  { batch_size: total, micro_batch_size: micro, gradient_accumulation_steps: steps }: JsonObject,
  { training }: Draft,
): void {
  if (typeof total !== "number" || typeof micro !== "number" || steps !== undefined) return;
  training["gradient_accumulation_steps"] = Math.max(1, Math.floor(total / micro));
}

function readMethod({ rl }: JsonObject, draft: Draft): void {
  if (rl === undefined || rl === null || rl === false) return;
  finding(
    draft,
    "not_computed",
    "rl",
    `rl ${shown(rl)} has no program under Axolotl here; the answer is one of supervised fine-tuning`,
  );
}
