/** Attention of a layer: four projections of heads, and in what families differ there. */

import type { Config } from "../../../model/config.js";
import type { CutOrder, QueryKeyNormPlace, RotaryVariant } from "../../tree/forward.js";
import type { ModuleNode } from "../../tree/module-graph.js";
import { groupedQueryAttention } from "../attention.js";
import { norm } from "./norms.js";
import type { NormedFamily } from "./norms.js";
import type { Sizes } from "./sizes.js";

export interface AttendingFamily extends NormedFamily {
  /** Bias on q, k, v and o, or on q, k, v only. */
  readonly attentionBias?: boolean | "query_key_value";
  /** Bias of o alone, where it has a switch of its own (seed_oss). */
  readonly outputBias?: boolean;
  /** The output projection is (hidden, hidden) whatever the heads give (helium). */
  readonly squareOutput?: boolean;
  /** The query projection makes a gate of the output, too (qwen3_next). */
  readonly gatedQuery?: boolean;
  /** On what attention and MLP give (seed_oss, starcoder2); `makeMlp` sees to its own. */
  readonly sublayerDropout?: number;
  /** Default of the class for `attention_dropout`. Default: 0. */
  readonly attentionDropout?: number;
  /** RMSNorm on every query and key head (qwen3) or on the whole projection (olmo2). */
  readonly queryKeyNorm?: QueryKeyNormPlace;
  readonly cuts?: CutOrder;
  readonly rotary?: RotaryVariant;
  /** Layers without rotary embedding (smollm3): true where the layer rotates. */
  readonly rotates?: (index: number) => boolean;
  /** Window of a layer, undefined where attention is full. */
  readonly slidingWindow?: (index: number) => number | undefined;
  /** Queries are multiplied by a factor per position (ministral3). */
  readonly scalesByPosition?: boolean;
  /** The eager attention kernel caps its scores (gemma2). */
  readonly softcappedAttention?: boolean;
  /** A score per head takes a share of every softmax (gpt_oss). */
  readonly sinks?: boolean;
  /** Norms of query and key heads that are not the RMSNorm of the family. */
  readonly makeHeadNorms?: (sizes: Sizes) => readonly [ModuleNode, ModuleNode];
  /** Norms of queries and keys (per head count), where they are not given by `queryKeyNorm`. Counted only. */
  readonly attentionTail?: (sizes: Sizes) => readonly ModuleNode[];
  /** Attention that is not four projections of heads (deepseek). Counted only. */
  readonly makeAttention?: (sizes: Sizes, index: number) => ModuleNode | undefined;
}

export function attention(
  family: AttendingFamily,
  sizes: Sizes,
  config: Config,
  index: number,
): ModuleNode {
  return family.makeAttention?.(sizes, index) ?? selfAttention(family, sizes, config, index);
}

function selfAttention(
  family: AttendingFamily,
  sizes: Sizes,
  config: Config,
  index: number,
): ModuleNode {
  const { hiddenSize, heads, keyValueHeads, headDim } = sizes;
  const window = family.slidingWindow?.(index);
  const normed = family.queryKeyNorm;
  const queryWidth = normed === "projection" ? heads * headDim : headDim;
  const keyWidth = normed === "projection" ? keyValueHeads * headDim : headDim;
  return groupedQueryAttention({
    type: `${family.prefix}Attention`,
    hiddenSize,
    heads,
    keyValueHeads,
    headDim,
    queryKeyValueBias: family.attentionBias !== undefined && family.attentionBias !== false,
    outputBias: family.outputBias ?? family.attentionBias === true,
    ...(family.gatedQuery === true ? { gatesOutput: true } : {}),
    ...(family.squareOutput === true ? { outputWidth: hiddenSize } : {}),
    attentionDropout: config.number("attention_dropout", family.attentionDropout ?? 0),
    ...(family.sublayerDropout === undefined ? {} : { outputDropout: family.sublayerDropout }),
    ...(family.rotates?.(index) === false ? {} : { rotary: family.rotary ?? "full" }),
    ...(window === undefined ? {} : { slidingWindow: window }),
    ...(family.softcappedAttention === undefined ? {} : { softcap: family.softcappedAttention }),
    ...(family.scalesByPosition === true ? { scalesByPosition: true } : {}),
    ...(normed === undefined
      ? {}
      : {
          queryKeyNorm: {
            on: normed,
            nodes: family.makeHeadNorms?.(sizes) ?? [
              norm(family, "q_norm", queryWidth),
              norm(family, "k_norm", keyWidth),
            ],
          },
        }),
    ...(family.cuts === undefined ? {} : { cuts: family.cuts }),
    ...(family.sinks === true ? { sinks: true } : {}),
    ...(family.attentionTail === undefined ? {} : { tail: family.attentionTail(sizes) }),
  });
}
