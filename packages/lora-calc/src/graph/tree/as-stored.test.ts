/** Seen with transformers 5.18 on checkpoints that were edited so: what it loads, draws, leaves out, and stops at. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { asScenario } from "../../exchange/as-scenario.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";

const CONFIG = {
  ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], vocab_size: 40 },
  ...{ hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 },
};
const f32 = (...shape: number[]): object => ({ dtype: "F32", shape });
const BODY = { "model.embed_tokens.weight": f32(40, 16), "model.norm.weight": f32(16) };
const HEADER = { ...BODY, "lm_head.weight": f32(40, 16) };

function answer(model: object, more: object = {}): Estimate {
  const adapter = { r: 4, target_modules: ["q_proj"] };
  const result = estimate(asScenario({ model, adapter, ...more }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

/** What is assumed about a path, and why. */
function said({ assumed }: Estimate, path: string): unknown {
  return assumed.find((each) => each.path === path)?.value;
}

describe("what a header says beside its configuration", () => {
  it("is the vocabulary", () => {
    const safetensors = { ...HEADER, "model.embed_tokens.weight": f32(48, 16) };
    const resized = { ...safetensors, "lm_head.weight": f32(48, 16) };
    const result = answer({ config: CONFIG, safetensors: resized });
    const plain = answer({ config: CONFIG, safetensors: HEADER });
    // Eight rows more in the embedding and in the head.
    expect(result.parameters.all - plain.parameters.all).toBe(2 * 8 * 16);
    expect(said(result, "model.config.vocab_size")).toBe(48);
    expect(said(plain, "model.config.vocab_size")).toBeUndefined();
    // An embedding that was resized without its head is no model of this class.
    expect(() => answer({ config: CONFIG, safetensors })).toThrow("lm_head.weight has shape");
  });

  it("is which heads are loaded, drawn and left out", () => {
    const whole = answer({ config: CONFIG, safetensors: HEADER });
    expect(whole.assumed.filter(({ path }) => path.startsWith("model.safetensors"))).toEqual([]);
    const classifier = { ...BODY, "score.weight": f32(2, 16) };
    const result = answer({ config: CONFIG, safetensors: classifier });
    expect(said(result, "model.safetensors.lm_head")).toBe("drawn anew");
    expect(said(result, "model.safetensors.score")).toBe("left out");
    const tied = answer({ config: { ...CONFIG, tie_word_embeddings: true }, safetensors: BODY });
    expect(said(tied, "model.safetensors.lm_head")).toBeUndefined();
  });

  it("leaves the class to model.architecture", () => {
    const architecture = "LlamaForSequenceClassification";
    const safetensors = { ...BODY, "score.weight": f32(2, 16) };
    const byHeader = answer({ config: CONFIG, safetensors, architecture });
    expect(byHeader.parameters.all).toBe(answer({ config: CONFIG, architecture }).parameters.all);
    expect(said(byHeader, "model.safetensors.score")).toBeUndefined();
  });

  it("is the dtype of auto where the configuration names none", () => {
    const auto = { training: { dtype: "auto" } };
    const half = { "model.norm.weight": { dtype: "F16", shape: [16] } };
    const dtypeOf = (model: object): unknown => said(answer(model, auto), "training.dtype");
    expect(dtypeOf({ config: CONFIG, safetensors: HEADER })).toBe("float32");
    expect(dtypeOf({ config: CONFIG, safetensors: half })).toBe("float16");
    expect(dtypeOf({ config: { ...CONFIG, dtype: "bfloat16" }, safetensors: HEADER })).toBe(
      "bfloat16",
    );
    expect(dtypeOf({ config: { ...CONFIG, torch_dtype: "torch.float16" } })).toBe("float16");
    expect(dtypeOf({ config: CONFIG })).toBe("bfloat16");
    // A checkpoint in float32 is one with a header beside it, too.
    const usual = answer({ config: CONFIG, safetensors: HEADER }, { training: {} });
    expect(said(usual, "training.dtype")).toBe("float32");
  });

  it("does not hide whose kernels a model has", () => {
    const config = { ...CONFIG, model_type: "gpt_neox", architectures: ["GPTNeoXForCausalLM"] };
    const safetensors = { "gpt_neox.final_layer_norm.weight": f32(16) };
    const training = { training: { use_liger_kernel: true } };
    expect(() => answer({ config, safetensors }, training)).toThrow("Liger's kernels on gpt_neox");
  });
});

describe("classes of a repository's own", () => {
  const config = {
    model_type: "minicpm",
    auto_map: { AutoConfig: "configuration_minicpm.MiniCPMConfig" },
  };
  it("are counted by their tensors, which is said", () => {
    const safetensors = { "transformer.h.0.attn.q_proj.weight": f32(16, 16) };
    const result = answer({ config, safetensors });
    expect(result.parameters.all).toBe(16 * 16 + 2 * 4 * 16);
    const { reason } = result.assumed.find(({ path }) => path === "model.safetensors") ?? {};
    expect(reason).toContain("auto_map");
  });

  it("are not counted where transformers has one, which is said", () => {
    const own = { ...CONFIG, auto_map: { AutoModelForCausalLM: "modeling_own.Own" } };
    expect(said(answer({ config: own }), "model.config.auto_map")).toBe("LlamaForCausalLM");
    const tokens = { ...CONFIG, auto_map: { AutoTokenizer: "tokenization_own.Own" } };
    expect(said(answer({ config: tokens }), "model.config.auto_map")).toBeUndefined();
  });

  it("are refused without them, with the way on", () => {
    expect(() => answer({ config })).toThrow(/auto_map.*model\.safetensors/);
  });
});
