/**
 * Llama-3.1-8B, QLoRA (NF4, double quantization), r=16 on all linear layers, 2 × 2048 tokens: MiB traced by
 * conformance/trace.py with torch 2.13, transformers 5.18, PEFT 0.21, TRL 1.13; under TRL 1.16 with transformers 5.24 and
 * PEFT 0.21.2.
 */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { MIB } from "../../src/units/format.js";

const QLORA = {
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear", task_type: "CAUSAL_LM" },
  quantization: { load_in_4bit: true, bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
};

it.each([
  ["the defaults", {}, {}, 7940.5, 8586],
  ["TRL 1.13", {}, { stack: "trl-1.13" }, 7698.0, 8250],
  ["TRL 1.16", {}, { stack: "trl-1.16" }, 7698.0, 8222],
  ["TRL 1.13 and loss_type nll", { loss_type: "nll" }, { stack: "trl-1.13" }, 12_984.1, 14_564],
  ["TRL 1.16 and loss_type nll", { loss_type: "nll" }, { stack: "trl-1.16" }, 7698.0, 8222],
  ["padding", { padding: true }, {}, 8012.5, 8698],
  ["loss nll", { loss: "nll" }, {}, 13_224.1, 14_900],
])("the worked answer with %s", (_, change, rest, allocated, reserved) => {
  const training = { per_device_train_batch_size: 2, max_length: 2048, ...change };
  const result = estimate(asScenario({ ...QLORA, training, ...rest }));
  const memory = isRefusal(result) ? undefined : result.memory;
  expect((memory?.allocated_peak ?? 0) / MIB).toBeCloseTo(allocated, 1);
  expect(memory?.reserved_peak).toBe(reserved * MIB);
});
