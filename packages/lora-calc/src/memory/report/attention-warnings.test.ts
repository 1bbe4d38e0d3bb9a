import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import { peaksOf } from "../../exchange/peaks.js";
import type { Estimate } from "../../result.js";

const QLORA = {
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, target_modules: "all-linear" },
  quantization: { load_in_4bit: true, bnb_4bit_quant_type: "nf4" },
  training: { max_length: 4096, per_device_train_batch_size: 1 },
  stack: "trl-1.13",
};

function answered(scenario: object): Estimate {
  const result = estimate(asScenario({ ...QLORA, ...scenario }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

const codes = ({ warnings }: Estimate): readonly string[] => warnings.map(({ code }) => code);

describe("attention on the card that is named", () => {
  // transformers#48633 met the math kernel on a T4; the scores of 32 heads in float32 are 2 GiB a layer, eight tables of them live.
  it("a T4 does not hold 4,096 tokens of Llama-3.1-8B in bf16", () => {
    const t4 = answered({ hardware: { gpu: "T4" } });
    expect(t4.fit?.verdict).toBe("does_not_fit");
    expect(t4.memory?.peak?.op).toBe("softmax_backward_product");
    expect(codes(t4)).toContain("attention_math");
  });

  it("an RTX 4090 runs flash, and holds them", () => {
    const rtx = answered({ hardware: { gpu: "RTX 4090" } });
    expect(rtx.fit?.verdict).toBe("fits");
    expect(codes(rtx)).not.toContain("attention_math");
  });

  it("an H100 with wheels of CUDA 13 runs cuDNN's, with wheels of 12.6 flash", () => {
    const hardware = { gpu: "H100 SXM 80GB" };
    expect(codes(answered({ hardware }))).toContain("partial_program");
    expect(codes(answered({ hardware, versions: { cuda: "12.6" } }))).not.toContain(
      "partial_program",
    );
  });

  // transformers#48633: math on a T4 for grouped heads; pytorch#191085, in torch 2.14, gave the efficient kernel grouped heads.
  it("a T4 in fp16 leaves the math kernel with torch 2.14, and the torch that is assumed is said", () => {
    const run = {
      ...{ hardware: { gpu: "T4" }, stack: "trl-1.16" },
      training: {
        ...{ ...QLORA.training, max_length: 2048, fp16: true, bf16: false },
        ...{ dtype: "float16", adapter_dtype: "float32" },
      },
    };
    const [newest, older] = [answered(run), answered({ ...run, versions: { torch: "2.13.0" } })];
    expect([codes(newest), codes(older)]).toEqual([
      ["compute_dtype_assumed"],
      ["compute_dtype_assumed", "attention_math"],
    ]);
    const [least = 0, most = 0] = [newest, older].map((each) => peaksOf(each)?.allocated_peak);
    // One table of scores, of 2,048 × 2,048 tokens and 32 heads in float32, has 512 MiB.
    expect(most - least).toBeGreaterThan(32 * 2048 ** 2 * 4);
    expect(newest.assumed.find(({ path }) => path === "versions.torch")).toMatchObject({
      value: "2.14.1",
      reason: "attention runs the efficient kernel on T4 with it, and math with torch 2.13.0",
    });
    expect(older.assumed.map(({ path }) => path)).not.toContain("versions.torch");
  });

  it("no torch is assumed where none decides", () => {
    const paths = answered({ hardware: { gpu: "RTX 4090" } }).assumed.map(({ path }) => path);
    expect(paths).not.toContain("versions.torch");
  });

  it("heads whose width PyTorch pads run in flash attention, and under eager attention as they are", () => {
    const config = {
      ...{ model_type: "llama", hidden_size: 240, num_attention_heads: 4, vocab_size: 1000 },
      ...{ num_key_value_heads: 4, num_hidden_layers: 2, intermediate_size: 512 },
    };
    const model = { config };
    const peak = (training = {}): number =>
      answered({ model, quantization: null, training }).memory?.allocated_peak ?? 0;
    expect(peak()).toBeGreaterThan(0);
    expect(peak({ attn_implementation: "eager" })).toBeGreaterThan(peak());
  });
});

it("says of keys that are broadcast that no card has a kernel for them, and of keys in groups nothing", () => {
  const said = (model: string): string => {
    const scenario = { model, quantization: null, hardware: { gpu: "A100 80GB" } };
    const { warnings } = answered({ ...scenario, training: { max_length: 64 } });
    return (
      warnings.filter(({ code }) => code === "attention_math").map((each) => each.message)[0] ?? ""
    );
  };
  expect(said("falcon-7b")).toContain("no fused kernel takes on any card");
  expect(said("falcon-7b")).not.toContain("Ampere");
  expect(said("falcon-40b")).toBe("");
});
