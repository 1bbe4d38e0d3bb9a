import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { peaksOf } from "../../exchange/peaks.js";
import { limits } from "../../limits.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";

const RUN = {
  model: "google/vit-base-patch16-224",
  adapter: { r: 16, target_modules: ["q_proj", "v_proj"], modules_to_save: ["classifier"] },
  hardware: { gpu: "T4" },
};

function run(training: object): Estimate {
  const result = estimate({ ...RUN, training });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

describe("a model of images", () => {
  it("has a loss of its own, and no length", () => {
    const { assumed } = run({ per_device_train_batch_size: 8 });
    expect(assumed.find(({ path }) => path === "training.loss")?.value).toBe("hf");
    expect(assumed.map(({ path }) => path)).not.toContain("training.max_length");
    const found = limits({ ...RUN, training: { per_device_train_batch_size: 8 } });
    expect(isRefusal(found)).toBe(false);
    expect(found).not.toHaveProperty("max_length");
    expect(found).toHaveProperty("per_device_train_batch_size");
  });

  it("takes more for more images, and the same whatever length is named", () => {
    const peak = (training: object): number => peaksOf(run(training))?.allocated_peak ?? 0;
    const eight = peak({ per_device_train_batch_size: 8 });
    expect(peak({ per_device_train_batch_size: 16 })).toBeGreaterThan(eight);
    expect(peak({ per_device_train_batch_size: 8, max_length: 64 })).toBe(eight);
    expect(run({ max_length: 64, padding: true }).ignored).toEqual([
      "training.max_length",
      "training.padding",
    ]);
    expect(eight).toBeGreaterThan(0);
  });

  it("is not computed with an adapter on the convolution that cuts patches, which its program would pass over", () => {
    const adapter = { r: 8, target_modules: ["projection", "q_proj"] };
    const result = estimate({ ...RUN, adapter, training: {} });
    if (isRefusal(result)) throw new Error(result.error.message);
    expect(result.memory).not.toHaveProperty("allocated_peak");
    expect(result.warnings.map(({ message }) => message).join()).toContain("projection");
  });

  it("is not computed with a loss of language models", () => {
    const { memory, warnings } = run({ loss: "nll" });
    expect(memory).not.toHaveProperty("allocated_peak");
    expect(warnings.map(({ message }) => message).join()).toContain("set training.loss to hf");
  });
});
