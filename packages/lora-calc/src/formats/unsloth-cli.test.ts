import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";

const read = readerOf({ model: "unsloth/Llama-3.1-8B", training: { max_seq_length: 1024 } });

describe("a file of unsloth train", () => {
  it("has the defaults of its classes", () => {
    const file = read({});
    expect(file.scenario).toEqual({
      model: "unsloth/Llama-3.1-8B",
      stack: "unsloth-2026.8",
      quantization: { load_in_4bit: true },
      adapter: {
        ...{ r: 64, lora_alpha: 16, lora_dropout: 0 },
        target_modules: [
          "q_proj",
          "k_proj",
          "v_proj",
          "o_proj",
          "gate_proj",
          "up_proj",
          "down_proj",
        ],
      },
      training: {
        ...{ max_seq_length: 1024, max_length: 1024, per_device_train_batch_size: 2 },
        ...{ gradient_accumulation_steps: 4, gradient_checkpointing: true, optim: "adamw_8bit" },
      },
    });
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.message : result.memory).toHaveProperty(
      "allocated_peak",
    );
  });

  it("reads what it says, and tells a word that YAML takes for a boolean", () => {
    const training = {
      training_type: "full",
      batch_size: 4,
      gradient_checkpointing: true,
      learning_rate: 1e-4,
    };
    const file = read({ training, lora: { lora_r: 8 }, data: { dataset: "x" } });
    expect(file.scenario).toMatchObject({
      adapter: null,
      training: { per_device_train_batch_size: 4, learning_rate: 1e-4 },
    });
    expect(codesOf(file)).toEqual(["trap training.gradient_checkpointing"]);
  });
});
