import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

const MODEL = "meta-llama/Llama-3.2-1B";
const ADAPTER = { r: 8, target_modules: "all-linear" };

function run(training: object, model: unknown = MODEL) {
  const full = { max_length: 512, gradient_checkpointing: false, ...training };
  const result = estimate(asScenario({ model, adapter: ADAPTER, training: full }));
  if (isRefusal(result)) return { error: result.error };
  const { memory, assumed, warnings, ignored } = result;
  const peak =
    memory !== undefined && "allocated_peak" in memory ? memory.allocated_peak : undefined;
  return {
    peak,
    ignored,
    loss: assumed.find(({ path }) => path === "training.loss")?.value,
    codes: warnings.map(({ code }) => code),
  };
}

describe("use_liger_kernel", () => {
  it("takes Liger's fused loss where none is named, and keeps less than the loss alone", () => {
    const whole = run({ use_liger_kernel: true });
    const alone = run({ loss: "liger" });
    expect(whole.loss).toBe("liger");
    expect(whole.codes).not.toContain("partial_program");
    expect(alone.codes).toContain("partial_program");
    expect(whole.peak).toBeLessThan(alone.peak ?? 0);
  });

  it("runs its fused loss for nll and hf, whose forward it replaces", () => {
    const { peak } = run({ use_liger_kernel: true });
    expect(run({ use_liger_kernel: true, loss_type: "nll" }).peak).toBe(peak);
    expect(run({ use_liger_kernel: true, loss: "hf" }).peak).toBe(peak);
  });

  it("switches single kernels off by liger_kernel_config", () => {
    const on = run({ use_liger_kernel: true }).peak ?? 0;
    for (const kernel of ["rms_norm", "swiglu"]) {
      const off = run({ use_liger_kernel: true, liger_kernel_config: { [kernel]: false } });
      expect(off.peak, kernel).toBeGreaterThan(on);
    }
    const none = { rms_norm: false, rope: false, swiglu: false, fused_linear_cross_entropy: false };
    // TRL takes no statistics of the logits then: what is left is the model's own loss.
    const own = run({ use_liger_kernel: true, liger_kernel_config: none });
    expect(own.loss).toBe("hf");
    expect(own.peak).toBe(run({ loss: "hf" }).peak);
    expect(run({ liger_kernel_config: null }).peak).toBe(run({}).peak);
    expect(run({ liger_kernel_config: { rope: false } }).ignored).toEqual([
      "training.liger_kernel_config",
    ]);
  });

  it("knows SwiGLU from GEGLU: a switch for the one leaves the other on", () => {
    const gemma = (config: object) =>
      run({ use_liger_kernel: true, liger_kernel_config: config }, "google/gemma-2-2b").peak ?? 0;
    expect(gemma({ swiglu: false })).toBe(gemma({}));
    expect(gemma({ geglu: false })).toBeGreaterThan(gemma({}));
  });

  it.each([
    [{ use_liger_kernel: true, loss: "chunked_nll" }, "invalid_value", "training.loss"],
    [{ use_liger_kernel: true, loss: "cce" }, "invalid_value", "training.loss"],
    [
      { use_liger_kernel: true, liger_kernel_config: { cross_entropy: true } },
      "unsupported",
      "training.liger_kernel_config.cross_entropy",
    ],
    [
      { use_liger_kernel: true, liger_kernel_config: { ropes: true } },
      "unknown_field",
      "training.liger_kernel_config.ropes",
    ],
  ])("refuses %j", (training, code, path) => {
    expect(run(training).error).toMatchObject({ code, path });
  });

  it("is refused by name for a model that Liger leaves alone", () => {
    expect(run({ use_liger_kernel: true }, "gpt2").error).toMatchObject({
      code: "unsupported",
      path: "training.use_liger_kernel",
    });
  });
});
