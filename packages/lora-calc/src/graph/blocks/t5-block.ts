/** A block of T5 and mT5. */

import { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, leaf, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { activationModule } from "./mlp.js";

export interface T5Kind {
  readonly modelType: string;
  readonly prefix: string;
  readonly vocabSize: number;
  readonly innerSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: string;
  /** What goes into a tied head is multiplied by a number, where the configuration does not untie it. */
  readonly scalesTied: boolean;
}

type SubLayer = "self" | "cross" | "feed_forward";

export function t5Block(
  kind: T5Kind,
  config: Config,
  isDecoder: boolean,
  isFirst: boolean,
): ModuleNode {
  const { prefix } = kind;
  const hiddenSize = config.size(["d_model", "hidden_size"], 512);
  const order: readonly SubLayer[] = isDecoder
    ? ["self", "cross", "feed_forward"]
    : ["self", "feed_forward"];
  const tail = [
    rmsNorm("layer_norm", `${prefix}LayerNorm`, hiddenSize, "copied_variance"),
    leaf("dropout", "Dropout"),
  ];
  const around = (inner: string) =>
    ({
      kind: "residual_sublayer",
      ...{ norm: "layer_norm", inner, dropout: config.number("dropout_rate", 0.1) },
    }) as const;
  const make = (which: SubLayer): ModuleNode => {
    switch (which) {
      case "self":
        return container("0", `${prefix}LayerSelfAttention`, {
          forward: around("SelfAttention"),
          children: [
            attention("SelfAttention", kind, config, { hasBias: isFirst, isCausal: isDecoder }),
            ...tail,
          ],
        });
      case "cross":
        return container("0", `${prefix}LayerCrossAttention`, {
          forward: around("EncDecAttention"),
          children: [
            attention("EncDecAttention", kind, config, { hasBias: false, isCausal: false }),
            ...tail,
          ],
        });
      case "feed_forward":
        return container("0", `${prefix}LayerFF`, {
          forward: around("DenseReluDense"),
          children: [feedForward(kind, config, hiddenSize), ...tail],
        });
    }
  };
  return container("0", `${prefix}Block`, {
    forward: { kind: "biased_block", sublayers: "layer" },
    children: [repeatedBy("layer", order.length, (index) => order[index] ?? "self", make)],
  });
}

function attention(
  name: string,
  kind: T5Kind,
  config: Config,
  { hasBias, isCausal }: { readonly hasBias: boolean; readonly isCausal: boolean },
): ModuleNode {
  const hiddenSize = config.size(["d_model", "hidden_size"], 512);
  const heads = config.size(["num_heads", "num_attention_heads"], kind.heads);
  const headDim = config.size("d_kv", 64);
  const inner = heads * headDim;
  const buckets = config.size("relative_attention_num_buckets", 32);
  return container(name, `${kind.prefix}Attention`, {
    forward: {
      kind: "biased_attention",
      ...{ query: "q", key: "k", value: "v", output: "o" },
      ...{ heads, keyValueHeads: heads, headDim },
      attentionDropout: config.number("dropout_rate", 0.1),
      isBidirectional: !isCausal,
      ...(hasBias ? { table: "relative_attention_bias" } : {}),
    },
    children: [
      ...["q", "k", "v"].map((projection) => linear(projection, hiddenSize, inner)),
      linear("o", inner, hiddenSize),
      ...(hasBias ? [embedding("relative_attention_bias", buckets, heads)] : []),
    ],
  });
}

/** `feed_forward_proj` is an activation, behind `gated-` when it gates a second projection. */
function feedForward(kind: T5Kind, config: Config, hiddenSize: number): ModuleNode {
  const innerSize = config.size("d_ff", kind.innerSize);
  const given = config.string("feed_forward_proj", kind.feedForward);
  const isGated = given.startsWith("gated-");
  const name = given === "gated-gelu" ? "gelu_new" : given.replace("gated-", "");
  const act = activation(new Config({ feed_forward_proj: name }), "feed_forward_proj", name);
  const inputs = isGated ? ["wi_0", "wi_1"] : ["wi"];
  return container("DenseReluDense", `${kind.prefix}Dense${isGated ? "Gated" : ""}ActDense`, {
    forward: {
      kind: "dropped_mlp",
      ...(isGated ? { gate: "wi_0", up: "wi_1" } : { up: "wi" }),
      ...{ down: "wo", activation: act, activationName: "act" },
      dropout: config.number("dropout_rate", 0.1),
    },
    children: [
      ...inputs.map((projection) => linear(projection, hiddenSize, innerSize)),
      linear("wo", innerSize, hiddenSize),
      leaf("dropout", "Dropout"),
      activationModule("act", act),
    ],
  });
}
