/** Sizes of a decoder, read once: a field of config.json, else what the class takes. */

import type { Config } from "../../../model/config.js";

interface SizeDefaults {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Absent = as many as query heads. */
  readonly keyValueHeads?: number;
  /** Absent = hidden_size / heads. */
  readonly headDim?: number;
}

export type Sizes = Required<SizeDefaults>;

export interface SizedFamily {
  readonly defaults: SizeDefaults;
  /** The class divides the hidden size by the heads whatever `head_dim` says. */
  readonly ignoresHeadDim?: boolean;
}

export function readSizes(
  { defaults, ignoresHeadDim = false }: SizedFamily,
  config: Config,
): Sizes {
  const hiddenSize = config.size("hidden_size", defaults.hiddenSize);
  const heads = config.size("num_attention_heads", defaults.heads);
  const keyValueHeads = config.isNull("num_key_value_heads")
    ? heads
    : config.size("num_key_value_heads", defaults.keyValueHeads ?? heads);
  return {
    hiddenSize,
    heads,
    keyValueHeads,
    headDim:
      (ignoresHeadDim ? undefined : config.optionalSize("head_dim")) ??
      defaults.headDim ??
      config.divide("hidden_size", hiddenSize, heads),
    layers: config.layerCount("num_hidden_layers", defaults.layers),
    vocabSize: config.size("vocab_size", defaults.vocabSize),
    intermediateSize: config.size("intermediate_size", defaults.intermediateSize),
  };
}
