/**
 * A recorded scenario and result, to test how results are shown. Peaks: traced (transformers 5.18, PEFT 0.21, TRL 1.13); the
 * parts are what is alive at that peak.
 */

import type { BeyondName, PartName } from "../../src/fields/result-names.js";
import type { Estimate, MemoryPart } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";

const MIB = 2 ** 20;

function part<Name extends PartName | BeyondName>(
  name: Name,
  bytes: number,
  formula: string,
): MemoryPart<Name> {
  return { name, bytes, certainty: "traced", formula, source: "the modeling code" };
}

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
  weights: { bytes: 5_702_540_160, certainty: "traced" },
  memory: {
    allocated_peak: 8_326_180_352,
    reserved_peak: 9_003_073_536,
    reserved_loaded: 6_924_795_904,
    process_peak: 9_486_257_357,
    peak_event: "layer_backward",
    peak: {
      event: "layer_backward",
      phase: "step1.micro0.backward",
      op: "mm",
      module: "base_model.model.model.layers.31.mlp.down_proj.base_layer",
    },
    beyond_tensors: [
      {
        name: "cuda_context",
        bytes: 461 * MIB,
        certainty: "assumed",
        formula: "one process",
        source: "reports",
      },
    ],
    parts: [
      {
        name: "weights",
        bytes: 5_702_755_328,
        certainty: "traced",
        formula: "6,979,321,856 × 0.5159 B (quantized) + 1,050,939,392 × 2 B (bfloat16)",
        source: "bitsandbytes functional.py",
      },
      part("adapter_a", 79_691_776, "19,922,944 × 4 B (float32)"),
      part("adapter_b", 88_080_384, "22,020,096 × 4 B (float32)"),
      part("adapter_other", 0, "none alive at the peak"),
      part("optimizer", 335_773_696, "83,886,528 × 4 B (float32)"),
      part("gradients", 1_179_648, "294,912 × 4 B (float32)"),
      part("checkpoints", 1_073_741_824, "32 × (2, 2048, 4096) bfloat16"),
      part("activations", 910_411_776, "one layer, recomputed, 4,096 tokens"),
      part("loss", 512, "1 × () float32 of div"),
      part("workspace", 134_479_872, "1 × (4096, 14336) bfloat16 + 2 × 8,519,680 B"),
      part("batch", 65_536, "2 × (2, 2048) int64 of zeros"),
    ],
    timeline: [
      {
        phase: "step1.micro0.forward",
        event: "layer_forward",
        allocated: 8_041_723_392,
        parts: { weights: 5_702_755_328 },
      },
    ],
  },
  fit: {
    verdict: "fits",
    card: "RTX 4090",
    capacity: 24_564 * MIB,
    usable: 24_084 * MIB,
    headroom: 15_517 * MIB,
  },
  advice: [
    {
      id: "bf16_adapters",
      text: "Keep the adapters in bf16",
      saves: 242 * MIB,
      cost: "optimizer states with 8 bits of mantissa",
      change: { training: { adapter_dtype: "bfloat16" } },
    },
  ],
  versions: {
    "lora-calc": "0.1.0",
    peft: "0.21.0",
    transformers: "5.18.0",
    profile: "default",
  },
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
  ignored: [],
  warnings: [{ code: "loads_in_float32", message: "TRL loads a model given by name in float32" }],
};
