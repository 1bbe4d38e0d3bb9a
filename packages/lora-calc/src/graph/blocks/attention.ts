/** Self-attention modules: projections with their real widths, and how they are used. */

import type {
  AttentionForward,
  CutOrder,
  QueryKeyNormPlace,
  RotaryVariant,
} from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear } from "../tree/vocabulary.js";

export interface GroupedQueryAttention {
  readonly name?: string;
  readonly type: string;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly queryKeyValueBias?: boolean;
  readonly outputBias?: boolean;
  /** Width that the output projection takes. Default: heads · head_dim. */
  readonly outputWidth?: number;
  readonly rotary?: RotaryVariant;
  readonly attentionDropout: number;
  readonly outputDropout?: number;
  /** Norms of queries and keys, made by the caller because their class and size differ. */
  readonly cuts?: CutOrder;
  readonly queryKeyNorm?: {
    readonly on: QueryKeyNormPlace;
    readonly nodes: readonly [ModuleNode, ModuleNode];
  };
  readonly slidingWindow?: number;
  readonly softcap?: boolean;
  readonly scalesByPosition?: boolean;
  readonly scalesKey?: boolean;
  /** The query projection makes a gate of the output, too. */
  readonly gatesOutput?: boolean;
  /** A parameter `sinks` with a score per head. */
  readonly sinks?: boolean;
  /** Modules behind the projections that no program uses. */
  readonly tail?: readonly ModuleNode[];
}

/**
 * `q_proj`, `k_proj`, `v_proj`, `o_proj` with head_dim as given: q is (heads · head_dim, hidden), k and v are
 * (kv_heads · head_dim, hidden), o is (hidden, heads · head_dim). Assuming square matrices would miss the count of
 * Llama-3.1-8B attention by 23 %.
 */
export function groupedQueryAttention(options: GroupedQueryAttention): ModuleNode {
  const { name = "self_attn", type, hiddenSize, heads, keyValueHeads, headDim } = options;
  const bias = options.queryKeyValueBias ?? false;
  const keyValueWidth = keyValueHeads * headDim;
  const { queryKeyNorm, rotary, slidingWindow, softcap, scalesByPosition } = options;
  const forward: AttentionForward = {
    kind: "attention",
    projections: {
      ...{ kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
      ...(options.cuts === undefined ? {} : { cuts: options.cuts }),
    },
    output: "o_proj",
    heads,
    keyValueHeads,
    headDim,
    attentionDropout: options.attentionDropout,
    ...(rotary === undefined ? {} : { rotary }),
    ...(slidingWindow === undefined ? {} : { slidingWindow }),
    ...(options.outputDropout === undefined ? {} : { outputDropout: options.outputDropout }),
    ...(softcap === undefined ? {} : { softcap }),
    ...(scalesByPosition === undefined ? {} : { scalesByPosition }),
    ...(options.scalesKey === true ? { scalesKey: true } : {}),
    ...(options.gatesOutput === true ? { gatesOutput: true } : {}),
    ...(options.sinks === true ? { sinks: "sinks" } : {}),
    ...(queryKeyNorm === undefined
      ? {}
      : {
          queryKeyNorm: {
            on: queryKeyNorm.on,
            query: queryKeyNorm.nodes[0].name,
            key: queryKeyNorm.nodes[1].name,
          },
        }),
  };
  return container(name, type, {
    forward,
    ...(options.sinks === true ? { parameters: [{ name: "sinks", shape: [heads] }] } : {}),
    children: [
      linear("q_proj", hiddenSize, (options.gatesOutput === true ? 2 : 1) * heads * headDim, {
        bias,
      }),
      linear("k_proj", hiddenSize, keyValueWidth, { bias }),
      linear("v_proj", hiddenSize, keyValueWidth, { bias }),
      linear("o_proj", options.outputWidth ?? heads * headDim, hiddenSize, {
        bias: options.outputBias ?? false,
      }),
      ...(queryKeyNorm?.nodes ?? []),
      ...(options.tail ?? []),
    ],
  });
}
