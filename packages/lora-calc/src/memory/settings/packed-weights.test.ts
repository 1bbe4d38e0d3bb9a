/**
 * That the step raises was asked of transformers 5.18.0 (conformance/trace.py); in which words, of torch 2.13:
 * `torch.zeros(4, dtype=torch.uint8).clamp_(-120.0, 120.0)`.
 */

import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Scenario } from "../../scenario.js";

function said(quantization: Scenario["quantization"]): readonly string[] {
  const result = estimate({
    model: "google/gemma-3n-E2B-it",
    adapter: { r: 8, target_modules: ["q_proj"] },
    ...(quantization === undefined ? {} : { quantization }),
    hardware: { gpu: "H100-80GB" },
  });
  if (isRefusal(result)) throw new Error(result.error.message);
  return [
    ...result.warnings.map(({ message }) => message).filter((text) => text.includes("stops at")),
    ...(result.memory?.allocated_peak === undefined ? [] : ["peak"]),
  ];
}

describe("coefficients of gemma3n", () => {
  const NF4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" } as const;

  it("stop the step where they are packed, and the way out is one", () => {
    const [stop] = said(NF4);
    expect(stop).toContain(
      "result type Float can't be cast to the desired output type unsigned char",
    );
    const skips = /llm_int8_skip_modules: (\[.*\])/.exec(stop ?? "")?.[1] ?? "[]";
    expect(JSON.parse(skips)).toEqual(["lm_head", "prediction_coefs", "correction_coefs"]);
    const whole = ["lm_head", "prediction_coefs", "correction_coefs"];
    expect(said({ ...NF4, llm_int8_skip_modules: whole })).toEqual(["peak"]);
  });

  it("run in 16 bits", () => {
    expect(said(undefined)).toEqual(["peak"]);
  });
});

/** transformers 5.18.0 (conformance/trace.py): RuntimeError in 4 bits; with dt_proj left out the tape "mamba: qlora" runs. */
describe("the step of Mamba", () => {
  const said = (llm_int8_skip_modules?: readonly string[]): readonly string[] => {
    const result = estimate({
      model: "mamba-130m",
      adapter: { r: 8, target_modules: ["x_proj"] },
      quantization: { load_in_8bit: true, ...(llm_int8_skip_modules && { llm_int8_skip_modules }) },
      training: { max_length: 32 },
    });
    if (isRefusal(result)) throw new Error(result.error.message);
    const stops = result.warnings
      .map(({ message }) => message)
      .filter((text) => text.includes("stops at"));
    return result.memory?.allocated_peak === undefined ? stops : [...stops, "peak"];
  };

  it("stops where it is packed, and the way out is one", () => {
    expect(said()).toHaveLength(1);
    expect(said()[0]).toContain('llm_int8_skip_modules: ["lm_head","dt_proj"]');
    expect(said(["lm_head", "dt_proj"])).toEqual(["peak"]);
  });
});
