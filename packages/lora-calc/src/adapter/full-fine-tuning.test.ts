import { expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";

const SIZES = {
  ...{ d_model: 64, encoder_layers: 1, decoder_layers: 1, vocab_size: 100 },
  ...{ max_position_embeddings: 50, encoder_attention_heads: 2, decoder_attention_heads: 2 },
  ...{ encoder_ffn_dim: 64, decoder_ffn_dim: 64, pad_token_id: 1, decoder_start_token_id: 2 },
};

/** Written by conformance/count.py with these configurations and no adapter (transformers 5.18.0). */
it.each([
  ["pegasus", 73_856, 80_256],
  ["marian", 73_600, 80_000],
  ["whisper", 130_112, 226_112],
  ["bart", 80_512, 80_512],
])("leaves what %s makes without a gradient", (model_type, trainable, all) => {
  const result = estimate({ model: { config: { ...SIZES, model_type } }, adapter: null });
  if (isRefusal(result)) throw new Error(result.error.message);
  expect(result.parameters).toMatchObject({ trainable, all });
});
