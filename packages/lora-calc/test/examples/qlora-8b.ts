/** A recorded scenario and result, to test how results are shown; the numbers are no evidence. */

import type { Estimate } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";

const MIB = 2 ** 20;

export const QLORA_8B: Scenario = {
  schema: 1,
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, target_modules: "all-linear", task_type: "CAUSAL_LM" },
  quantization: {
    load_in_4bit: true,
    bnb_4bit_quant_type: "nf4",
    bnb_4bit_use_double_quant: true,
  },
  training: { per_device_train_batch_size: 2, max_length: 2048 },
  hardware: { gpu: "RTX 4090" },
};

export const QLORA_8B_RESULT: Estimate = {
  schema: 1,
  parameters: {
    trainable: 41_943_040,
    all: 8_072_204_288,
    percent: 0.5196,
    base: 8_030_261_248,
    by_module: [
      {
        path: "model.layers.*.self_attn.q_proj",
        type: "Linear4bit",
        count: 32,
        trainable: 4_194_304,
        in_features: 4096,
        out_features: 4096,
        rank: 16,
        scaling: 0.5,
      },
      {
        path: "model.layers.*.mlp.down_proj",
        type: "Linear4bit",
        count: 32,
        trainable: 9_437_184,
        in_features: 14_336,
        out_features: 4096,
        rank: 16,
        scaling: 0.5,
      },
    ],
  },
  weights: { bytes: 5698 * MIB, certainty: "exact" },
  memory: {
    allocated_peak: 7940 * MIB,
    reserved_peak: 8586 * MIB,
    process_peak: 9047 * MIB,
    peak_event: "layer_backward",
    peak: {
      event: "layer_backward",
      phase: "step1.micro0.backward",
      op: "aten.mul.Tensor",
      module: "model.layers.*.mlp",
    },
    beyond_tensors: [
      { name: "context", bytes: 461 * MIB, certainty: "fitted", formula: "CUDA context of Ada" },
    ],
    parts: [
      {
        name: "weights",
        bytes: 5698 * MIB,
        certainty: "exact",
        formula: "NF4 with double quantization of 6,979,321,856 weights + 1,050,939,392 in bf16",
      },
      {
        name: "activations",
        bytes: 1226 * MIB,
        certainty: "derived",
        formula: "one layer, recomputed, 4,096 tokens",
      },
      {
        name: "checkpoints",
        bytes: 1000 * MIB,
        certainty: "derived",
        formula: "32 layers × 4,096 tokens × 4,096 × 2 B",
      },
      { name: "workspace", bytes: 16 * MIB, certainty: "derived", formula: "2 × 8,519,680 B" },
    ],
    timeline: [
      {
        phase: "forward",
        event: "layer_forward",
        allocated: 6000 * MIB,
        parts: { weights: 5698 * MIB },
      },
    ],
  },
  fit: { verdict: "fits", capacity: 24_564 * MIB, headroom: 15_517 * MIB },
  advice: [
    {
      id: "adapter-bf16",
      text: "Keep the adapters in bf16",
      saves: 242 * MIB,
      cost: "optimizer states with 8 bits of mantissa",
      change: { training: { adapter_dtype: "bfloat16" } },
    },
  ],
  versions: { "lora-calc": "0.1.0", peft: "0.21.0", transformers: "5.18.0" },
  assumed: [
    {
      path: "training.optim",
      value: "adamw_torch_fused",
      reason: "the default of the conformance tracer",
    },
    {
      path: "training.gradient_checkpointing",
      value: true,
      reason: "the default of the conformance tracer",
    },
  ],
  warnings: ["two cuBLAS workspaces are counted; a third appears with side streams"],
};
