/**
 * Names of expert projections before transformers 5 fused them, and the parameters that hold them since.
 *
 * Source: peft utils/transformers_weight_conversion.py `_MOE_TARGET_MODULE_MAPPING`, `_MOE_FUSED_TARGETS`;
 * transformers conversion_mapping.py `_MODEL_TO_CONVERSION_PATTERN`.
 */

export interface ExpertNames {
  /** Old name to the name of the parameter, in PEFT's order. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Two old names that only together make the parameter. */
  readonly fused: { readonly name: string; readonly from: readonly [string, string] };
}

const MIXTRAL: ExpertNames = {
  renamed: new Map([
    ["gate", "gate.weight"],
    ["w1", "gate_up_proj"],
    ["w3", "gate_up_proj"],
    ["w2", "down_proj"],
  ]),
  fused: { name: "gate_up_proj", from: ["w1", "w3"] },
};

const QWEN2_MOE: ExpertNames = {
  renamed: new Map([
    ["gate", "gate.weight"],
    ["gate_proj", "gate_up_proj"],
    ["up_proj", "gate_up_proj"],
    ["down_proj", "down_proj"],
  ]),
  fused: { name: "gate_up_proj", from: ["gate_proj", "up_proj"] },
};

const MIXTRAL_TYPES: readonly string[] = ["mixtral", "minimax", "minimax_m2"];
const QWEN2_MOE_TYPES: readonly string[] = [
  ...["afmoe", "deepseek_v2", "deepseek_v3", "deepseek_v32", "dots1", "ernie4_5_moe"],
  ...["glm4_moe", "glm4_moe_lite", "glm_moe_dsa", "glm4v_moe", "longcat_flash", "solar_open"],
  ...["mellum", "qwen3_moe", "qwen3_omni_moe", "qwen3_omni_moe_thinker", "qwen3_next"],
  ...["hunyuan_v1_moe", "flex_olmo", "olmoe", "exaone_moe", "cohere2_moe"],
];

/** Names that PEFT translates for a model_type; qwen2_moe itself is not among them. */
export function expertNames(modelType: string): ExpertNames | undefined {
  if (MIXTRAL_TYPES.includes(modelType)) return MIXTRAL;
  return QWEN2_MOE_TYPES.includes(modelType) ? QWEN2_MOE : undefined;
}
