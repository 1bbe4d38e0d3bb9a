import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { peaksOf } from "../../exchange/peaks.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";

const MODEL = "meta-llama/Llama-3.2-1B";
const ADAPTER = { r: 8, target_modules: "all-linear" };

function run(training: object, adapter: object | null = ADAPTER, model = MODEL): Estimate {
  const step = { method: "dpo", per_device_train_batch_size: 1, max_length: 512, ...training };
  const result = estimate(asScenario({ model, adapter, training: step }));
  if (isRefusal(result)) throw new Error(JSON.stringify(result.error));
  return result;
}

function refused(training: object, model = MODEL) {
  const result = estimate({ model, adapter: ADAPTER, training: { method: "dpo", ...training } });
  return isRefusal(result) ? result.error : undefined;
}

describe("method dpo", () => {
  it("holds a second model only where there is no adapter to switch off", () => {
    const partOf = ({ memory }: Estimate, name: string) =>
      memory !== undefined && "parts" in memory
        ? memory.parts.find((part) => part.name === name)?.bytes
        : undefined;
    const full = run({}, null);
    expect(partOf(full, "reference")).toBe(partOf(full, "weights"));
    expect(partOf(run({}), "reference")).toBeUndefined();
    expect(partOf(run({ precompute_ref_log_probs: true }, null), "reference")).toBeUndefined();
  });

  it("holds less where the log-probabilities of the reference were made before", () => {
    const before = peaksOf(run({ precompute_ref_log_probs: true }))?.allocated_peak ?? 0;
    expect(before).toBeLessThan(peaksOf(run({}))?.allocated_peak ?? 0);
    expect(before).toBeGreaterThan(0);
  });

  it("says that half of a sequence is taken as its prompt, and takes another length", () => {
    const assumed = run({}).assumed.find(({ path }) => path === "training.prompt_length");
    expect(assumed?.value).toBe(256);
    const long = run({ prompt_length: 500 });
    expect(long.assumed.map(({ path }) => path)).not.toContain("training.prompt_length");
    expect(long.ignored).toEqual([]);
    expect(run({ beta: 0.1 }).ignored).toEqual(["training.beta"]);
  });

  it("names the reference's part of the step", () => {
    const { memory } = run({});
    const events = memory !== undefined && "timeline" in memory ? memory.timeline : undefined;
    expect(events?.map(({ event }) => event)).toContain("reference_forward");
  });

  it.each([
    [{ loss_type: "ipo" }, "unsupported", "training.loss_type"],
    [{ loss_type: "sigmoidal" }, "invalid_value", "training.loss_type"],
    [{ loss: "nll" }, "invalid_value", "training.loss"],
    [{ loop: "plain" }, "invalid_value", "training.loop"],
    [{ use_liger_kernel: true }, "unsupported", "training.use_liger_kernel"],
    [{ use_weighting: true }, "unsupported", "training.use_weighting"],
    [{ num_generations: 8 }, "unsupported", "training.num_generations"],
    [{ max_length: 8, prompt_length: 8 }, "invalid_value", "training.prompt_length"],
    [{ max_length: 1 }, "invalid_value", "training.max_length"],
  ])("refuses %j", (training, code, path) => {
    expect(refused(training)).toMatchObject({ code, path });
  });

  it("does not compute a model whose own dropout is switched off", () => {
    const { memory, warnings } = run({}, { r: 8 }, "gpt2");
    expect(memory !== undefined && "allocated_peak" in memory).toBe(false);
    expect(warnings.map(({ message }) => message).join()).toContain("dropout");
  });
});
