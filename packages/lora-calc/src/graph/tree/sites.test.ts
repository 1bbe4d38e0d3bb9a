import { describe, expect, it } from "vitest";
import { describeModel } from "../../model/description.js";
import { buildGraph } from "../build-graph.js";
import { parameterCount, pathsOf, sitesOf } from "./sites.js";
import { USUAL_WORLD } from "../../worlds/index.js";

const LLAMA_3_2_1B = {
  model_type: "llama",
  vocab_size: 128256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  tie_word_embeddings: true,
};

function graphOf(config: Record<string, unknown>) {
  const description = describeModel({ config }, () => ({}));
  if (description.kind !== "config") throw new Error("not a config");
  return buildGraph(description, USUAL_WORLD).graph;
}

describe("parameterCount(graph)", () => {
  // https://huggingface.co/meta-llama/Llama-3.2-1B (safetensors total 1,235,814,400)
  it("counts a tied head once", () => {
    expect(parameterCount(graphOf(LLAMA_3_2_1B))).toBe(1_235_814_400);
  });

  // https://huggingface.co/openai-community/gpt2: 124,439,808 parameters without the mask buffers
  it("takes the defaults of the class for absent fields", () => {
    expect(parameterCount(graphOf({ model_type: "gpt2" }))).toBe(124_439_808);
  });
});

describe("pathsOf(site)", () => {
  it("lists every repeated layer", () => {
    const site = sitesOf(graphOf(LLAMA_3_2_1B)).find(({ pattern }) => pattern.endsWith("q_proj"));
    expect(site?.pattern).toBe("model.layers.*.self_attn.q_proj");
    expect(site === undefined ? [] : pathsOf(site)).toHaveLength(16);
    expect(site?.path).toBe("model.layers.0.self_attn.q_proj");
  });
});
