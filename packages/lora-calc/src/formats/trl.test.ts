import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";

const FILE = { model_name_or_path: "Qwen/Qwen3-4B", dataset_name: "trl-lib/Capybara" };

const read = readerOf(FILE);

describe("a TRL file", () => {
  it("takes the defaults of the command line for the adapter, and one name out of its list", () => {
    const file = read({ use_peft: true, lora_target_modules: ["all-linear"], max_length: 2048 });
    expect(file.scenario).toEqual({
      model: "Qwen/Qwen3-4B",
      stack: "trl-1.16",
      adapter: { r: 16, lora_alpha: 32, lora_dropout: 0.05, target_modules: "all-linear" },
      training: { max_length: 2048 },
    });
  });

  it("without use_peft trains every weight, and says that lora_r is not looked at", () => {
    const file = read({ lora_r: 8 });
    expect(file.scenario.adapter).toBeNull();
    expect(codesOf(file)).toEqual(["trap lora_r"]);
  });

  it("computes 4 bits in the dtype of the model, float32 unless it is said", () => {
    const four = { use_peft: true, load_in_4bit: true };
    expect(read(four).scenario.quantization).toEqual({
      ...{ load_in_4bit: true, bnb_4bit_quant_type: "nf4" },
      ...{ bnb_4bit_use_double_quant: false, bnb_4bit_compute_dtype: "float32" },
    });
    const file = read({ ...four, dtype: "bfloat16", use_bnb_nested_quant: true });
    expect(file.scenario.quantization).toMatchObject({
      ...{ bnb_4bit_use_double_quant: true, bnb_4bit_compute_dtype: "bfloat16" },
    });
    expect(file.scenario.training).toMatchObject({ dtype: "bfloat16" });
  });

  it("reads old names, and a preference by its keys", () => {
    const file = read({ max_seq_length: 1024, torch_dtype: "bfloat16", beta: 0.1 });
    expect(file.scenario.training).toMatchObject({
      ...{ max_length: 1024, dtype: "bfloat16", method: "dpo" },
    });
    expect(codesOf(file)).toEqual(["old_key max_seq_length", "old_key torch_dtype"]);
  });

  it("hands on what is refused by name", () => {
    const file = read({ use_peft: true, torch_compile: true });
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.path : "").toBe("training.torch_compile");
  });

  it("answers", () => {
    const file = read({
      ...{ use_peft: true, lora_target_modules: "all-linear", load_in_4bit: true },
      ...{ dtype: "bfloat16", max_length: 1024, per_device_train_batch_size: 2 },
      ...{ attn_implementation: "flash_attention_2", packing: true, learning_rate: 2e-4 },
    });
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.message : result.memory).toHaveProperty(
      "allocated_peak",
    );
    expect(file.findings).toEqual([]);
  });
});
