/** A model that runs in milliseconds, whatever the family, and what it may be stored as. */

import fc from "fast-check";

export const SMALL_SIZES = {
  vocab_size: 2048,
  hidden_size: 256,
  intermediate_size: 512,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 64,
};

export const storage = fc.constantFrom(
  null,
  { load_in_8bit: true },
  { load_in_4bit: true, bnb_4bit_quant_type: "nf4" },
);

export const optimizer = fc.constantFrom(
  "adamw_torch",
  "adamw_torch_fused",
  "adamw_bnb_8bit",
  "adafactor",
  "sgd",
);
