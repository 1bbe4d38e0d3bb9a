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

describe("an encoder-decoder", () => {
  const answer = (model: string, training: object, more: object = {}): Estimate => {
    const adapter = { r: 8, target_modules: "all-linear" };
    const result = estimate({ model, adapter, training, ...more });
    if (isRefusal(result)) throw new Error(result.error.message);
    return result;
  };
  const peak = (training: object): number =>
    peaksOf(answer("t5-small", training))?.allocated_peak ?? 0;

  it("has a length of labels, which says nothing of other models", () => {
    const short = peak({ max_length: 128, max_target_length: 32 });
    expect(peak({ max_length: 128 })).toBeGreaterThan(short);
    expect(short).toBeGreaterThan(0);
    const [labels] = answer("t5-small", { max_length: 128 }).assumed.filter(
      ({ path }) => path === "training.max_target_length",
    );
    expect(labels?.reason).toBe("what run_summarization.py of transformers cuts labels to");
    const { ignored, assumed } = answer("gpt2", { max_length: 128, max_target_length: 32 });
    expect(ignored).toContain("training.max_target_length");
    expect(assumed.map(({ path }) => path)).not.toContain("training.max_target_length");
  });

  it("is not computed where its program is another", () => {
    const why = (training: object): string =>
      answer("t5-small", training)
        .warnings.map(({ message }) => message)
        .join();
    expect(why({ dtype: "float16", bf16: false })).toContain("clamp what they give");
    expect(why({ use_reentrant: true })).toContain("reentrant checkpoints");
    expect(why({ attn_implementation: "eager" })).toContain("eager attention of encoders");
  });

  it("keeps what transformers does not quantize, and is told where PEFT stops", () => {
    const adapter = { r: 8, target_modules: ["q", "v"], task_type: "SEQ_2_SEQ_LM" as const };
    const run = { model: "t5-small", adapter, training: {} };
    const codes = (versions: object): readonly string[] => {
      const result = estimate({ ...run, versions });
      if (isRefusal(result)) throw new Error(result.error.message);
      return result.warnings.map(({ code }) => code);
    };
    expect(codes({ transformers: "5.18" })).toContain("stops_in_peft");
    expect(codes({ transformers: "5.24" })).not.toContain("stops_in_peft");
    const { weights } = answer("t5-small", {}, { quantization: { load_in_8bit: true } });
    // Twelve blocks with a `wo` of 2048 × 512, of 2 bytes a parameter where int8 has one.
    expect(weights?.bytes ?? 0).toBeGreaterThan(60_506_624 + 12 * 2048 * 512);
  });
});
