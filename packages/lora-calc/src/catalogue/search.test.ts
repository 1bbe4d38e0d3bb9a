import { describe, expect, it } from "vitest";
import { listGpus } from "./gpus.js";
import { findModel, listModels } from "./models.js";
import { repositoryOfAddress, searchNames } from "./search.js";

const MODELS = listModels().map(({ repo, aliases = [], parameters }) => ({
  name: repo,
  others: aliases,
  parameters,
}));

function found(text: string): readonly string[] {
  return searchNames(text, MODELS).map(({ name }) => name);
}

describe("searchNames(text, rows)", () => {
  it.each([
    ["llama 2", "meta-llama/Llama-2-7b-hf"],
    ["LLAMA2", "meta-llama/Llama-2-7b-hf"],
    ["qwen 8b", "Qwen/Qwen3-8B"],
    ["7B", "meta-llama/Llama-2-7b-hf"],
    ["mistral", "mistralai/Mistral-7B-v0.1"],
    ["llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B"],
  ])("%s finds %s", (text, name) => {
    expect(found(text)).toContain(name);
  });

  it("keeps sizes apart", () => {
    expect(found("qwen 8b")).not.toContain("Qwen/Qwen3-4B");
    expect(found("8b").filter((name) => /(?:18|38|1\.8)b/i.test(name))).toEqual([]);
    const sized = [
      { name: "a/unnamed", parameters: 7.2e9 },
      { name: "a/other-3b", parameters: 7.2e9 },
    ];
    expect(searchNames("7b", sized).map(({ name }) => name)).toEqual(["a/unnamed"]);
  });

  it("puts the exact name first, then those that begin so", () => {
    expect(found("gpt2")[0]).toBe("openai-community/gpt2");
    const cards = listGpus().map(({ name, names = [] }) => ({ name, others: names }));
    expect(searchNames("4090", cards)[0]?.name).toBe("RTX 4090");
    expect(searchNames("rtx 40", cards).every(({ name }) => name.includes("RTX"))).toBe(true);
  });

  it("finds everything for nothing, and nothing for what is not there", () => {
    expect(found("")).toHaveLength(MODELS.length);
    expect(found("no such model")).toEqual([]);
  });
});

describe("repositoryOfAddress(text)", () => {
  it.each([
    ["https://huggingface.co/Qwen/Qwen3-4B", "Qwen/Qwen3-4B"],
    ["https://huggingface.co/Qwen/Qwen3-4B/tree/main?show=1", "Qwen/Qwen3-4B"],
    ["huggingface.co/meta-llama/Llama-3.1-8B/blob/main/config.json", "meta-llama/Llama-3.1-8B"],
    ["https://hf.co/google/gemma-2-2b", "google/gemma-2-2b"],
    ["Qwen/Qwen3-4B", "Qwen/Qwen3-4B"],
    ["gpt2", "gpt2"],
  ])("%s is %s", (text, repository) => {
    expect(repositoryOfAddress(text)).toBe(repository);
  });

  it("is understood wherever a model is named", () => {
    expect(findModel("https://huggingface.co/Qwen/Qwen3-4B").repo).toBe("Qwen/Qwen3-4B");
  });
});
