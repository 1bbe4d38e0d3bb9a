/** When the fields of LoraConfig came, and went. */

interface FieldHistory {
  /** First release of PEFT that has the field. */
  readonly since: string;
  /** Last release that has it; none: it is still there in 0.21.0. */
  readonly until?: string;
}

/**
 * Fields that not every release has had. Source: `LoraConfig` and its bases in the wheels of peft 0.1.0 to 0.21.0, the
 * first release of every minor version.
 */
const SINCE: Readonly<Record<string, readonly string[]>> = {
  "0.3.0": ["init_lora_weights"],
  "0.4.0": ["layers_to_transform", "layers_pattern", "revision", "auto_mapping"],
  "0.6.0": ["rank_pattern", "alpha_pattern"],
  "0.7.0": ["megatron_config", "megatron_core", "loftq_config"],
  "0.8.0": ["use_rslora"],
  "0.9.0": ["use_dora"],
  "0.10.0": ["layer_replication"],
  "0.12.0": ["runtime_config"],
  "0.14.0": ["exclude_modules", "eva_config", "lora_bias"],
  "0.15.0": ["trainable_token_indices", "corda_config"],
  "0.16.0": ["use_qalora", "qalora_group_size"],
  "0.17.0": ["target_parameters"],
  "0.18.0": ["alora_invocation_tokens", "arrow_config", "ensure_weight_tying", "peft_version"],
  "0.19.0": ["lora_ga_config", "use_bdlora"],
  "0.20.0": ["velora_config", "monteclora_config"],
  "0.21.0": ["kasa_config"],
};

/** Read by no release since; they decided nothing about counts. */
const REMOVED: Readonly<Record<string, FieldHistory>> = {
  enable_lora: { since: "0.1.0", until: "0.2.0" },
  merge_weights: { since: "0.1.0", until: "0.2.0" },
};

const HISTORY: ReadonlyMap<string, FieldHistory> = new Map([
  ...Object.entries(REMOVED),
  ...Object.entries(SINCE).flatMap(([since, fields]) =>
    fields.map((field): [string, FieldHistory] => [field, { since }]),
  ),
]);

/** Undefined for a field that every release has, and for one that none has. */
export function loraFieldHistory(field: string): FieldHistory | undefined {
  return HISTORY.get(field);
}

/** From this release on PEFT drops fields that it does not know, with a warning; before, it stopped at them. */
export const FORGIVING_SINCE = "0.14.0";
