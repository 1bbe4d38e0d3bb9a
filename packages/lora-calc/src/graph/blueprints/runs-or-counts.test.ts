import { expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

function runs(config: object, target_modules: readonly string[]): boolean {
  const result = estimate({
    model: { config: config as { model_type: string } },
    adapter: { r: 4, target_modules: [...target_modules] },
    training: { max_length: 64 },
  });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.memory !== undefined && "allocated_peak" in result.memory;
}

const FALCON = {
  ...{ model_type: "falcon", vocab_size: 100, hidden_size: 96, num_hidden_layers: 2 },
  ...{ num_attention_heads: 6, bias: false },
};

/** Source: transformers models/falcon/modeling_falcon.py `FalconDecoderLayer`, `_split_heads`. */
it.each([
  ["one key for all", {}, true],
  ["keys in groups", { new_decoder_architecture: true, num_kv_heads: 2 }, true],
  ["groups that heads do not fill", { new_decoder_architecture: true, num_kv_heads: 4 }, false],
  [
    "two norms, of which the old architecture asks for another",
    { num_ln_in_parallel_attn: 2 },
    false,
  ],
  ["ALiBi", { alibi: true }, false],
  ["biases", { bias: true }, false],
])("Falcon with %s", (_, changes, expected) => {
  expect(runs({ ...FALCON, ...changes }, ["query_key_value"])).toBe(expected);
});

it("takes the width of a head of Mamba from the others where it is auto, as the class does", () => {
  const granite = {
    ...{ model_type: "granitemoehybrid", vocab_size: 100, hidden_size: 64, num_hidden_layers: 2 },
    ...{ num_attention_heads: 4, num_local_experts: 0, shared_intermediate_size: 64 },
    ...{ mamba_n_heads: 8, mamba_d_head: "auto", mamba_d_state: 16 },
    layer_types: ["mamba", "attention"],
  };
  expect(runs(granite, ["in_proj"])).toBe(true);
});

it.each(["pegasus", "marian"])("passes no adapter over on the positions of %s", (model_type) => {
  const config = {
    ...{ model_type, vocab_size: 100, d_model: 32, encoder_layers: 1, decoder_layers: 1 },
    ...{ encoder_attention_heads: 2, decoder_attention_heads: 2, max_position_embeddings: 600 },
  };
  expect(runs(config, ["q_proj"])).toBe(true);
  expect(runs(config, ["q_proj", "embed_positions"])).toBe(false);
});
