import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import type { JsonObject } from "../problem/fields.js";

const FILE = { checkpoint_dir: "checkpoints/Qwen/Qwen3-4B" };

const read = readerOf(FILE);

describe("a LitGPT file", () => {
  it("names its model by a folder, and takes its own defaults", () => {
    expect(read({}).scenario).toEqual({
      model: "Qwen/Qwen3-4B",
      stack: "litgpt-0.5",
      adapter: { r: 8, lora_alpha: 16, lora_dropout: 0.05, target_modules: ["q_proj", "v_proj"] },
      training: { per_device_train_batch_size: 1, gradient_accumulation_steps: 16 },
    });
  });

  it("divides the global batch by cards and micro-batch", () => {
    const file = read({
      devices: 2,
      train: { global_batch_size: 32, micro_batch_size: 4, epochs: 3 },
    });
    expect(file.scenario.training).toEqual({
      ...{ per_device_train_batch_size: 4, gradient_accumulation_steps: 4, num_train_epochs: 3 },
    });
    expect(file.scenario.hardware).toEqual({ count: 2 });
  });

  it.each([
    ["bnb.nf4", "nf4", false],
    ["bnb.fp4-dq", "fp4", true],
  ])("quantize %s", (quantize, type, twice) => {
    expect(read({ quantize }).scenario.quantization).toEqual({
      ...{ load_in_4bit: true, bnb_4bit_quant_type: type, bnb_4bit_use_double_quant: twice },
    });
  });

  it("reads an optimizer by its class", () => {
    const optimizer = { class_path: "torch.optim.SGD", init_args: { lr: 0.1 } };
    expect(read({ optimizer }).scenario.training).toMatchObject({ optim: "sgd" });
    expect(codesOf(read({ optimizer: "Adafactor" }))).toEqual(["not_computed optimizer"]);
  });

  it.each<[string, JsonObject]>([
    ["not_computed quantize", { quantize: "bnb.int8-training" }],
    ["not_computed precision", { precision: "64-true" }],
    ["not_computed train.tie_embeddings", { train: { tie_embeddings: true } }],
    ["unknown_key train.batch", { train: { batch: 4 } }],
    ["unknown_key lora_rank", { lora_rank: 4 }],
  ])("tells %s", (told, given) => {
    expect(codesOf(read(given))).toEqual([told]);
  });
});
