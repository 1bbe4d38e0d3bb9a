/** Whole scenarios of known values, drawn from a seed: model, adapter, quantization, training, stack, card. */

import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { listGpus } from "../../src/catalogue/gpus.js";
import { listModels } from "../../src/catalogue/models.js";
import { listMethods } from "../../src/index.js";

const MODELS = listModels().map(({ repo }) => repo);
const CARDS = listGpus().map(({ name }) => name);
const METHODS = ["LORA", ...listMethods()];

/** A small model of a type that has memory, so that most draws run the step. */
const SMALL = {
  ...{ vocab_size: 1000, hidden_size: 256, intermediate_size: 640, num_hidden_layers: 5 },
  ...{ num_attention_heads: 8, num_key_value_heads: 2 },
};
const SMALL_TYPES = [
  ...["llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "phi3", "olmo2"],
  ...["granite", "smollm3", "glm", "ernie4_5", "starcoder2", "gpt_neox", "qwen3_moe", "mixtral"],
];

/** Absent but for one draw in `one`. */
const optional = <Value>(value: Arbitrary<Value>, one = 3): Arbitrary<Value | undefined> =>
  fc.oneof({ weight: one - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const small = fc
  .record({
    model_type: fc.constantFrom(...SMALL_TYPES),
    tie_word_embeddings: optional(fc.boolean()),
    num_hidden_layers: fc.integer({ min: 1, max: 12 }),
    num_key_value_heads: fc.constantFrom(1, 2, 8),
    sliding_window: optional(fc.constantFrom(64, 4096)),
    hidden_act: optional(fc.constantFrom("silu", "gelu", "gelu_pytorch_tanh")),
    quantization_config: optional(
      fc.constantFrom(
        { quant_method: "bitsandbytes", load_in_4bit: true },
        { quant_method: "gptq", bits: 4 },
        { quant_method: "mxfp4" },
      ),
      12,
    ),
  })
  .map((changes) => ({ config: clean({ ...SMALL, ...changes }) }));

const model = fc.oneof(
  { weight: 3, arbitrary: small },
  { weight: 1, arbitrary: fc.constantFrom(...MODELS) },
  {
    weight: 1,
    arbitrary: fc.record({
      hidden_size: fc.constantFrom(256, 1024),
      num_hidden_layers: fc.integer({ min: 1, max: 8 }),
    }),
  },
);

const TARGETS = [
  "all-linear",
  "all-linear",
  "all-linear",
  ["q_proj", "v_proj"],
  ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
  ".*\\.(q|v)_proj",
  ["query_key_value"],
  ["embed_tokens"],
  ["lm_head", "q_proj"],
];

const lora = fc.record({
  peft_type: fc.constant("LORA"),
  r: fc.constantFrom(1, 4, 8, 16, 64),
  lora_alpha: optional(fc.constantFrom(1, 16, 32)),
  target_modules: fc.constantFrom(...TARGETS),
  lora_dropout: optional(fc.constantFrom(0, 0.05)),
  bias: optional(fc.constantFrom("none", "all", "lora_only")),
  use_dora: optional(fc.boolean()),
  use_rslora: optional(fc.boolean()),
  lora_bias: optional(fc.boolean(), 12),
  modules_to_save: optional(fc.constantFrom(["lm_head"], ["embed_tokens", "lm_head"], ["norm"]), 6),
  trainable_token_indices: optional(fc.constant([0, 5]), 8),
  layers_to_transform: optional(fc.constantFrom([0], 0), 12),
  init_lora_weights: optional(fc.constantFrom(true, false, "gaussian", "pissa", "olora")),
  task_type: optional(fc.constantFrom("CAUSAL_LM", "CAUSAL_LM", "CAUSAL_LM", "SEQ_CLS")),
  inference_mode: optional(fc.boolean(), 12),
});

const otherMethod = fc
  .record({
    peft_type: fc.constantFrom(...METHODS),
    target_modules: optional(fc.constantFrom(...TARGETS)),
    task_type: optional(fc.constantFrom("CAUSAL_LM", "SEQ_CLS")),
    num_virtual_tokens: optional(fc.constantFrom(1, 20)),
    total_step: optional(fc.constant(100)),
  })
  .map(clean);

const adapter = fc.oneof(
  { weight: 6, arbitrary: lora.map(clean) },
  { weight: 1, arbitrary: otherMethod },
  { weight: 1, arbitrary: fc.constant(null) },
);

const quantization = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        load_in_4bit: fc.constant(true),
        bnb_4bit_quant_type: optional(fc.constantFrom("nf4", "fp4")),
        bnb_4bit_use_double_quant: optional(fc.boolean()),
        bnb_4bit_compute_dtype: optional(fc.constantFrom("bfloat16", "float16", "float32")),
      })
      .map(clean),
  },
  { weight: 1, arbitrary: fc.constant({ load_in_8bit: true }) },
);

const training = fc
  .record({
    per_device_train_batch_size: optional(fc.constantFrom(1, 2, 3, 8)),
    max_length: optional(fc.constantFrom(1, 2, 7, 64, 333, 1024)),
    gradient_accumulation_steps: optional(fc.constantFrom(1, 2, 5, 16)),
    gradient_checkpointing: optional(fc.boolean()),
    use_reentrant: optional(fc.boolean()),
    optim: optional(
      fc.constantFrom(
        ...["adamw_torch", "adamw_torch_fused", "adamw_8bit", "paged_adamw_32bit"],
        ...["paged_adamw_8bit", "adafactor", "sgd"],
      ),
    ),
    bf16: optional(fc.boolean()),
    fp16: optional(fc.boolean(), 12),
    max_grad_norm: optional(fc.constantFrom(0, 1)),
    attn_implementation: optional(fc.constantFrom("sdpa", "eager")),
    loss: optional(fc.constantFrom("hf", "nll", "chunked_nll", "liger", "cce")),
    prepare_kbit: optional(fc.boolean()),
    dtype: optional(fc.constantFrom("float32", "bfloat16", "float16")),
    adapter_dtype: optional(fc.constantFrom("auto", "float32", "bfloat16", "float16")),
    loop: optional(fc.constantFrom("trainer", "plain", "function")),
    padding: optional(fc.boolean()),
    pad_to_multiple_of: optional(fc.constant(64), 12),
  })
  .map(clean);

const hardware = fc
  .record({
    gpu: fc.oneof(fc.constantFrom(...CARDS), fc.constantFrom("24GiB", "24GB")),
    count: optional(fc.constantFrom(1, 2), 12),
    other_process_bytes: optional(fc.constant(2 ** 30), 12),
  })
  .map(clean);

/** Scenarios that a person could write: every value is known to somebody, not every combination runs. */
export const scenarios: Arbitrary<Readonly<Record<string, unknown>>> = fc
  .record({
    model,
    adapter,
    quantization,
    training: fc.oneof(
      { weight: 6, arbitrary: training },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    hardware: optional(hardware, 2),
    stack: optional(fc.constantFrom("trl-1.13", "hf-trainer-5.18", "plain-loop")),
    versions: optional(
      fc.constantFrom({ transformers: "4.57.6" }, { cuda: "12.6" }, { torch: "2.13.0" }),
      12,
    ),
  })
  .map(clean);

/** Without what was not drawn. */
function clean(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
