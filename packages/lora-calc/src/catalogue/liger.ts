/** Which parts of a model Liger's kernels take over, by model_type, when a Trainer switches them on (`use_liger_kernel`). */

/** What `_apply_liger_kernel_to_instance` replaces in one kind of model. */
export interface LigerPatch {
  /** Names of the norms that get Liger's forward; the others keep their own. */
  readonly norms: readonly string[];
  /** Of these, the norms whose gradient does not lie where the gradient of their output lay. */
  readonly normsOutOfPlace: readonly string[];
  /** Liger turns queries and keys. */
  readonly hasRotary: boolean;
  /** The switch of its gated MLP. */
  readonly gatedMlp: "swiglu" | "geglu";
}

const PRE_NORMS = ["norm", "input_layernorm", "post_attention_layernorm"] as const;
const FEEDFORWARD_NORMS = ["pre_feedforward_layernorm", "post_feedforward_layernorm"] as const;
const POST_NORMS = ["post_attention_layernorm", "post_feedforward_layernorm"] as const;
const HEAD_NORMS = ["q_norm", "k_norm"] as const;
const SANDWICH_NORMS = ["post_self_attn_layernorm", "post_mlp_layernorm"] as const;

/** Llama's: also Mistral, Qwen2, Qwen3 (whose q_norm and k_norm are left), SmolLM3, Phi-3 and Gemma. */
const PLAIN: LigerPatch = {
  ...{ norms: PRE_NORMS, normsOutOfPlace: [], hasRotary: true, gatedMlp: "swiglu" },
};
const OLMO2: LigerPatch = {
  norms: ["norm", ...POST_NORMS],
  normsOutOfPlace: POST_NORMS,
  hasRotary: true,
  gatedMlp: "swiglu",
};

function outOfPlace(norms: readonly string[], other: Partial<LigerPatch> = {}): LigerPatch {
  return { ...PLAIN, norms, normsOutOfPlace: norms, ...other };
}

const GEGLU = { gatedMlp: "geglu" } as const;

/**
 * The models that get all of it, the fused loss among it. Granite is patched without that loss, and experts get kernels of
 * their own: both are left out.
 *
 * Source: Liger-Kernel 0.8.2 transformers/monkey_patch.py, the parts under `if model is not None`, and
 * `MODEL_TYPE_TO_APPLY_LIGER_FN`. Read on 2026-11-28.
 */
const PATCHES: Readonly<Record<string, LigerPatch>> = {
  llama: PLAIN,
  mistral: PLAIN,
  qwen2: PLAIN,
  qwen3: PLAIN,
  smollm3: PLAIN,
  phi3: PLAIN,
  gemma: { ...PLAIN, ...GEGLU },
  gemma2: outOfPlace([...PRE_NORMS, ...FEEDFORWARD_NORMS], GEGLU),
  gemma3_text: outOfPlace([...PRE_NORMS, ...FEEDFORWARD_NORMS, ...HEAD_NORMS], GEGLU),
  olmo2: OLMO2,
  olmo3: OLMO2,
  exaone4: outOfPlace(["norm", ...POST_NORMS, ...HEAD_NORMS]),
  glm4: outOfPlace([...PRE_NORMS, ...SANDWICH_NORMS], { hasRotary: false }),
};

/** The patch of a model_type; undefined where Liger leaves it alone. Example: ligerPatch("glm4")?.hasRotary // false */
export function ligerPatch(modelType: string): LigerPatch | undefined {
  return Object.hasOwn(PATCHES, modelType) ? PATCHES[modelType] : undefined;
}

export const LIGER_MODEL_TYPES: readonly string[] = Object.keys(PATCHES);
