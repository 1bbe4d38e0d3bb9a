/** Fields of `adapter` that every method has, and those of LoRA. Source: peft config.py, tuners/lora/config.py `LoraConfig`. */

import {
  any,
  boolean,
  choice,
  either,
  ignored,
  integer,
  integers,
  map,
  names,
  number,
  object,
  ownedBy,
  pattern,
  text,
} from "./row.js";

/** Values of `peft_type` that are counted. */
const PEFT_TYPES = [
  ...["LORA", "ADALORA", "ADAPTION_PROMPT", "BEFT", "BOFT", "C3A", "CARTRIDGE", "CPT", "DEFT"],
  ...["DELORA", "FOURIERFT", "FROD", "GLORA", "GRALORA", "HIRA", "HRA", "IA3", "LILY"],
  ...["LN_TUNING", "LOHA", "LOKR", "MISS", "MULTITASK_PROMPT_TUNING", "OFT", "OSF", "PEANUT"],
  ...["POLY", "PREFIX_TUNING", "PROMPT_TUNING", "PSOFT", "PVERA", "P_TUNING", "RANDLORA"],
  ...["ROAD", "SHIRA", "SUPERTUNING", "TINYLORA", "TRAINABLE_TOKENS", "UNILORA", "VBLORA"],
  ...["VERA", "WAVEFT"],
] as const;
export type PeftType = (typeof PEFT_TYPES)[number];

const COUNTS = { changes: "both" } as const;

export const BASE_FIELDS = ownedBy("PEFT", {
  peft_type: choice(PEFT_TYPES, "PEFT method, see list methods", {
    ...COUNTS,
    default: "LORA",
    flag: ["--peft-type"],
    argument: "type",
  }),
  task_type: choice(
    ["CAUSAL_LM", "SEQ_CLS", "SEQ_2_SEQ_LM", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION"],
    "task the model is wrapped for",
    { ...COUNTS, flag: ["--task-type"], argument: "type" },
  ),
  ...ignored({
    auto_mapping: "class of the base model",
    peft_version: "release that wrote the file",
    base_model_name_or_path: "base model",
    revision: "commit or branch of the base model",
    inference_mode: "saved for inference",
  }),
});

/** Fields about targets that most methods share. */
export const TARGET_FIELDS = ownedBy("PEFT", {
  target_modules: pattern("names of modules, all-linear, or a regex", {
    ...COUNTS,
    flag: ["--target-modules", "--targets", "--lora-target-modules", "--lora-target"],
    argument: "names",
  }),
  exclude_modules: pattern("matched modules to leave out", {
    ...COUNTS,
    flag: ["--exclude-modules"],
    argument: "names",
  }),
  modules_to_save: names("modules trained in full beside the adapter", {
    ...COUNTS,
    flag: ["--modules-to-save"],
    argument: "names",
  }),
  layers_to_transform: either(
    [{ kind: "integer" }, { kind: "integers" }],
    "indices of the layers that are adapted",
    COUNTS,
  ),
  layers_pattern: pattern("name of the list of layers", COUNTS),
  bias: text("biases that train: none, all, lora_only", {
    ...COUNTS,
    default: "none",
    flag: ["--bias"],
    argument: "which",
  }),
  fan_in_fan_out: boolean("weights are stored (in, out)", { changes: "nothing" }),
});

export const LORA_FIELDS = {
  ...ownedBy("PEFT", {
    r: integer("rank of the update", {
      ...COUNTS,
      default: 8,
      flag: ["--rank", "--r", "-r", "--lora-rank", "--lora-r"],
      argument: "r",
    }),
    lora_alpha: number("numerator of the scaling alpha/r", {
      changes: "nothing",
      default: 8,
      flag: ["--alpha", "--lora-alpha"],
      argument: "a",
    }),
    lora_dropout: number("dropout before the adapter, a probability", {
      ...{ max: 1, default: 0, flag: ["--dropout", "--lora-dropout"], argument: "p" },
    }),
    use_dora: boolean("weight-decomposed update", {
      ...COUNTS,
      default: false,
      flag: ["--use-dora", "--dora"],
    }),
    use_rslora: boolean("scaling alpha/sqrt(r)", {
      changes: "nothing",
      default: false,
      flag: ["--use-rslora", "--rslora"],
    }),
    init_lora_weights: either(
      [{ kind: "boolean" }, { kind: "text" }],
      "true, false, or the name of a scheme",
      {
        ...COUNTS,
        default: true,
      },
    ),
    rank_pattern: map({ kind: "integer" }, "ranks by name or regex", COUNTS),
    alpha_pattern: map({ kind: "number" }, "alphas by name or regex", { changes: "nothing" }),
    lora_bias: boolean("B has a bias", { ...COUNTS, default: false }),
    trainable_token_indices: either(
      [{ kind: "integers" }, { kind: "map", of: { kind: "integers" } }],
      "tokens whose embeddings train: a list, or lists by module",
      COUNTS,
    ),
    target_parameters: names("parameters that get an adapter, such as fused experts", COUNTS),
    layer_replication: any("ranges of layers that are stacked anew", COUNTS),
    ensure_weight_tying: boolean("adapters on tied weights are tied, too", {
      ...COUNTS,
      default: false,
    }),
    use_qalora: boolean("A works on pooled inputs", { ...COUNTS, default: false }),
    qalora_group_size: integer("inputs in one pool of QALoRA", { ...COUNTS, default: 16 }),
    alora_invocation_tokens: integers("tokens that switch the adapter on"),
    megatron_config: any("parallel layers of Megatron", COUNTS),
    megatron_core: text("module of Megatron", { changes: "nothing" }),
    loftq_config: object("initialization by LoftQ", COUNTS),
    eva_config: object("initialization by EVA", COUNTS),
    corda_config: object("initialization by CorDA", COUNTS),
    lora_ga_config: object("initialization by LoRA-GA", COUNTS),
    velora_config: object("VeLoRA: compressed activations", COUNTS),
    monteclora_config: object("MonteCLoRA: sampled adapters", COUNTS),
    kasa_config: object("KaSA: singular values that train", COUNTS),
    arrow_config: object("routing between adapters", COUNTS),
    use_bdlora: object("BD-LoRA: block-diagonal matrices", COUNTS),
  }),
  ...ownedBy("PEFT", ignored({ runtime_config: "how it runs, not what it holds" })),
};

/** Fields of early releases, which no later one reads. */
export const REMOVED_FIELDS = ownedBy(
  "PEFT",
  ignored({
    enable_lora: "early PEFT: which parts of a fused layer",
    merge_weights: "early PEFT: merge on evaluation",
  }),
);
