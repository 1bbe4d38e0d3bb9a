/** Fields of `model` where it is no name: a configuration, headers, or sizes typed by hand. */

import { boolean, choice, integer, object, ownedBy, text } from "./row.js";

const COUNTS = { changes: "both" } as const;

/** Larger than any published size. */
const MAX_SIZE = 2 ** 31;
const SIZE = { ...COUNTS, min: 1, max: MAX_SIZE } as const;

export const MODEL_FIELDS = ownedBy("lora-calc", {
  id: text("name in the catalogue", COUNTS),
  config: object("content of config.json", COUNTS),
  safetensors: object("header of the weights: dtype and shape by name", COUNTS),
  architecture: text("class to build, in place of config.architectures[0]", COUNTS),
  ties: choice(
    ["config", "checkpoint"],
    "whether tied pairs are tied as the file stores them",
    COUNTS,
  ),
});

/** Sizes of a decoder typed by hand. */
export const SIZE_FIELDS = ownedBy("lora-calc", {
  hidden_size: integer("width of the residual stream", SIZE),
  num_hidden_layers: integer("decoder layers", SIZE),
  num_attention_heads: integer("heads of the queries", SIZE),
  num_key_value_heads: integer("heads of keys and values", SIZE),
  head_dim: integer("width of a head", SIZE),
  intermediate_size: integer("width of the MLP", SIZE),
  vocab_size: integer("tokens there are", SIZE),
});

export const FREE_FORM_FIELDS = {
  ...SIZE_FIELDS,
  ...ownedBy("lora-calc", {
    tie_word_embeddings: boolean("the head is the embedding", COUNTS),
    total_params: integer("parameters of the model", { ...COUNTS, min: 1, unit: "parameters" }),
  }),
};
