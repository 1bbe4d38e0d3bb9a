/** What the end of a name says about how its weights are stored. */

import type { JsonObject } from "../problem/fields.js";

export interface QuantizedName {
  /** The name without what is said about storage. */
  readonly base: string;
  /** As people call it. */
  readonly format: string;
  /** PEFT trains on it as it is, by bitsandbytes. */
  readonly quantization?: JsonObject;
  /** Some modules stay in 16 bits; which ones only the repository says. */
  readonly hasOwnSkipList?: boolean;
}

/** As Unsloth is taken to store them; their config.json were not read. Certainty: assumed. */
const NF4: JsonObject = {
  quant_method: "bitsandbytes",
  load_in_4bit: true,
  bnb_4bit_quant_type: "nf4",
  bnb_4bit_use_double_quant: true,
  bnb_4bit_compute_dtype: "bfloat16",
};
const INT8: JsonObject = { quant_method: "bitsandbytes", load_in_8bit: true };

const STORED: readonly (readonly [RegExp, Omit<QuantizedName, "base">])[] = [
  [
    /-unsloth-bnb-4bit$/i,
    { format: "4-bit bitsandbytes", quantization: NF4, hasOwnSkipList: true },
  ],
  [/-bnb-4bit$/i, { format: "4-bit bitsandbytes", quantization: NF4 }],
  [/-bnb-8bit$/i, { format: "8-bit bitsandbytes", quantization: INT8 }],
  [/-(?:GPTQ|gptqmodel)(?:-?Int[48]|-[48]bits?|-marlin)?$/i, { format: "GPTQ" }],
  [/-(?:AWQ|awq-int4|AWQ-INT4)$/i, { format: "AWQ" }],
  [/-FP8(?:-(?:dynamic|block|kv|static-pertensor|\w+))?$/i, { format: "FP8" }],
  [/-(?:NVFP4|MXFP4|FP4)(?:-FP8)?$/i, { format: "4-bit floats" }],
  [/-(?:i1-)?GGUF$/i, { format: "GGUF" }],
  [/-(?:mlx(?:-[2-8]bit)?|[2-8]bit-mlx|[2-8]bits?(?:-DWQ)?)$/i, { format: "MLX" }],
  [/-(?:w[48]a(?:16|8)|quantized\.w[48]a(?:16|8)|int[48])$/i, { format: "compressed tensors" }],
];

/**
 * The base of a quantized name, or undefined for a name that says nothing of the kind.
 *
 * Example: quantizedName("Qwen/Qwen3-32B-AWQ")?.base // "Qwen/Qwen3-32B"
 */
export function quantizedName(name: string): QuantizedName | undefined {
  const tag = ollamaTag(name);
  if (tag !== undefined) return tag;
  for (const [pattern, stored] of STORED) {
    if (pattern.test(name)) return { base: name.replace(pattern, ""), ...stored };
  }
  return undefined;
}

/** `llama3.1:8b-instruct-q4_K_M`, or `hf.co/owner/name-GGUF:Q4_K_M`. */
function ollamaTag(name: string): QuantizedName | undefined {
  const [, repository] =
    /^(?:hf\.co|huggingface\.co)\/([\w.-]+\/[\w.-]+):[\w.-]+$/i.exec(name) ?? [];
  if (repository !== undefined) {
    return { base: repository.replace(/-(?:i1-)?GGUF$/i, ""), format: "GGUF" };
  }
  const [, family = "", size] =
    /^([a-z][\w.-]*):(\d+(?:\.\d+)?[bm])(?:-[\w.-]+)?$/i.exec(name) ?? [];
  if (size === undefined) return undefined;
  // Ollama writes llama3.1 where the Hub has Llama-3.1, and qwen3 where it has Qwen3.
  return { base: `${family}-${size}`, format: "Ollama" };
}

/** `llama3.1-8b` as `llama-3.1-8b`: other spellings of a family and its version. */
export function spellingsOf(name: string): readonly string[] {
  const spaced = name.replace(/^([a-z]+)-?(\d)/i, "$1-$2");
  return spaced === name ? [name] : [name, spaced];
}
