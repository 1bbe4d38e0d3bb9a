import { describe, expect, it } from "vitest";
import { knownModel, repositoryOf, unknownModel } from "./models.js";
import { quantizedName } from "./quantized-names.js";

describe("quantizedName(name)", () => {
  it.each([
    ["unsloth/gemma-3-12b-it-unsloth-bnb-4bit", "unsloth/gemma-3-12b-it", "4-bit bitsandbytes"],
    ["unsloth/mistral-7b-bnb-4bit", "unsloth/mistral-7b", "4-bit bitsandbytes"],
    ["Qwen/Qwen2.5-14B-Instruct-GPTQ-Int8", "Qwen/Qwen2.5-14B-Instruct", "GPTQ"],
    ["Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B", "AWQ"],
    ["unsloth/Llama-3.3-70B-Instruct-FP8-Block", "unsloth/Llama-3.3-70B-Instruct", "FP8"],
    ["nvidia/Qwen3-235B-A22B-NVFP4", "nvidia/Qwen3-235B-A22B", "4-bit floats"],
    ["bartowski/Llama-3.2-3B-Instruct-GGUF", "bartowski/Llama-3.2-3B-Instruct", "GGUF"],
    [
      "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",
      "bartowski/Llama-3.2-3B-Instruct",
      "GGUF",
    ],
    ["mlx-community/Qwen3-4B-4bit", "mlx-community/Qwen3-4B", "MLX"],
    ["llama3.1:8b-instruct-q4_K_M", "llama3.1-8b", "Ollama"],
  ])("%s is %s, stored as %s", (name, base, format) => {
    expect(quantizedName(name)).toMatchObject({ base, format });
  });

  it.each([
    "Qwen/Qwen3-4B",
    "google/gemma-3-4b-it",
    "microsoft/phi-4",
    "gpt2",
    "EleutherAI/gpt-neo-1.3B",
  ])("%s says nothing of the kind", (name) => {
    expect(quantizedName(name)).toBeUndefined();
  });
});

describe("a quantized name", () => {
  it("that bitsandbytes trains on is its base, stored packed, under its own name", () => {
    const row = knownModel("unsloth/llama-3-8b-bnb-4bit");
    expect(row).toMatchObject({
      id: "llama-3-8b",
      config: { model_type: "llama", quantization_config: { load_in_4bit: true } },
    });
    expect(repositoryOf("unsloth/llama-3-8b-bnb-4bit")).toBe("unsloth/llama-3-8b-bnb-4bit");
    expect(knownModel("somebody/new-model-bnb-4bit")).toBeUndefined();
  });

  it.each([
    ["Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B"],
    ["unsloth/Qwen3-4B-Thinking-2507-FP8", "Qwen/Qwen3-4B-Thinking-2507"],
    ["llama3.1:8b", "meta-llama/Llama-3.1-8B"],
    ["qwen2.5:7b-instruct", "Qwen/Qwen2.5-7B"],
    ["TheBloke/Mistral-7B-Instruct-v0.2-GPTQ", "mistralai/Mistral-7B-Instruct-v0.2"],
  ])("that is for inference names its base: %s", (name, base) => {
    expect(knownModel(name)).toBeUndefined();
    const { nearest, message } = unknownModel(name);
    expect(nearest).toBe(base);
    expect(message).toContain("is packed for inference");
  });

  it("of a base that nobody knows is an unknown name", () => {
    expect(unknownModel("somebody/new-model-GGUF").message).toContain(
      "model is not in the catalogue",
    );
  });
});
