/** The tree that most dense decoders share: separate projections, gated MLP, two RMSNorms before their sublayers. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type { DecoderForward, LogitsFactor, RotaryForward } from "../tree/forward.js";
import type { ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, embedding, repeatedBy } from "../tree/vocabulary.js";
import { languageModel, USUAL_DECODER } from "./language-model.js";
import type { LanguageModelParts } from "./language-model-parts.js";
import { attention } from "./llama/attention.js";
import type { AttendingFamily } from "./llama/attention.js";
import { mlp } from "./llama/mlp.js";
import type { FeedingFamily } from "./llama/mlp.js";
import { layerNorms, norm } from "./llama/norms.js";
import { readSizes } from "./llama/sizes.js";
import type { SizedFamily, Sizes } from "./llama/sizes.js";
import { rotaryEmbedding } from "./rotary.js";

/** A family as its differences from Llama: in sizes, norms, attention, feed-forward part, and in what stands around the layers. */
export interface LlamaLike extends SizedFamily, AttendingFamily, FeedingFamily {
  readonly modelType: string;
  readonly tied: boolean;
  /** On the embedded tokens (starcoder2). */
  readonly embeddingDropout?: number;
  readonly layerTypes?: readonly ("full_attention" | "sliding_attention")[];
  /** Window of a sliding mask that the decoder makes though no layer uses it (qwen2_moe). */
  readonly unusedWindow?: number;
  /** The decoder multiplies the embedding by a number (granite, gemma 1). */
  readonly scaledEmbedding?: boolean;
  readonly scalesLate?: boolean;
  readonly scalesAfterMasks?: boolean;
  /** The embedding class multiplies its own output (gemma 2 and later). */
  readonly embeddingType?: string;
  readonly softcappedLogits?: boolean;
  readonly rotaryPerLayerType?: boolean;
  /** Name of the backbone class when it is not `${prefix}Model` (gemma3). */
  readonly backboneType?: string;
  /** Class of the rotary embedding when it is not `${prefix}RotaryEmbedding`. */
  readonly rotaryType?: string;
  readonly taskPrefix?: string;
  readonly taskHeads?: LanguageModelParts["taskHeads"];
  readonly questionAnsweringBackbone?: string;
  readonly hiddenDropout?: number;
  /** Name of what takes the MLP's place in a layer. Default: mlp. */
  readonly mlpName?: string;
  readonly scaledResidual?: boolean;
  readonly scaledLogits?: boolean;
  readonly multipliedLogits?: LogitsFactor;
  /** Attention and MLP side by side, behind one norm. */
  readonly isParallel?: boolean;
  readonly keepsNormed?: boolean;
  readonly rotaryIsInterleaved?: boolean;
  readonly rotaryIsComplex?: boolean;
  readonly headBias?: boolean;
  /** What tells layers apart beside rotation and window: dense ones among experts. */
  readonly layerKey?: (index: number) => string;
  /** Modules behind the norms of a layer: dropouts, experts. Counted only. */
  readonly layerTail?: (sizes: Sizes) => readonly ModuleNode[];
  /** The module of rotary tables, where it is not one table. Counted only. */
  readonly makeRotary?: (sizes: Sizes) => ModuleNode;
  readonly hidesPositions?: boolean;
  readonly alwaysMasks?: boolean;
  readonly seesBothWays?: boolean;
  /** Names of modules that are not quantized. */
  readonly neverQuantized?: readonly string[];
  /** Each layer returns which tokens it chose, and the next is given them (glm_moe_dsa). */
  readonly passesChoice?: boolean;
  /** Positions in time, height and width (qwen2_vl). */
  readonly rotaryGrid?: RotaryForward["grid"];
  /** Rotated share of a head. Default: all of it. */
  readonly rotaryShare?: number;
  /** Width of keys and values as PEFT shapes prefixes, where it does not find head_dim. Default: kv heads · head_dim. */
  readonly keyValueSize?: (sizes: Sizes, config: Config) => number;
  /** The tree is known, how it computes is not: it can be counted and stored, not run. */
  readonly isCountedOnly?: boolean;
}

export function llamaLike(family: LlamaLike, config: Config, context: BuildContext): ModuleGraph {
  return languageModel(llamaParts(family, config), config, context);
}

/** The backbone and what heads need, for models that hold it inside another (vision-language). */
export function llamaParts(family: LlamaLike, config: Config): LanguageModelParts {
  const { prefix } = family;
  const sizes = readSizes(family, config);
  const { hiddenSize, vocabSize, headDim } = sizes;
  const keyOf = (index: number): string =>
    `${family.rotates?.(index) ?? true} ${family.slidingWindow?.(index) ?? "full"} ${family.layerKey?.(index) ?? ""}`;
  return {
    modelType: family.modelType,
    prefix,
    backbone: "model",
    hiddenSize,
    keyValueSize: family.keyValueSize?.(sizes, config) ?? sizes.keyValueHeads * headDim,
    vocabSize,
    tied: family.tied,
    forward: decoderForward(family),
    children: [
      embedding(
        "embed_tokens",
        vocabSize,
        hiddenSize,
        family.embeddingType === undefined || family.scalesLate === true
          ? {}
          : { type: family.embeddingType, scaled: true },
      ),
      repeatedBy("layers", sizes.layers, keyOf, (_, index) =>
        decoderLayer(family, sizes, config, index),
      ),
      norm(family, "norm", hiddenSize),
      family.makeRotary?.(sizes) ?? rotary(family, headDim),
    ],
    ...headParts(family),
  };
}

/** What a family says of the classes around the backbone and of its head. */
function headParts(family: LlamaLike): Partial<LanguageModelParts> {
  const { backboneType, taskPrefix, taskHeads, questionAnsweringBackbone } = family;
  const { hiddenDropout } = family;
  return {
    ...(backboneType === undefined ? {} : { backboneType }),
    ...(taskPrefix === undefined ? {} : { taskPrefix }),
    ...(taskHeads === undefined ? {} : { taskHeads }),
    ...(questionAnsweringBackbone === undefined ? {} : { questionAnsweringBackbone }),
    ...(hiddenDropout === undefined ? {} : { hiddenDropout }),
    ...(family.scaledLogits === true ? { scaledLogits: true } : {}),
    ...(family.multipliedLogits === undefined ? {} : { multipliedLogits: family.multipliedLogits }),
    ...(family.headBias === true ? { headBias: true } : {}),
    ...(family.neverQuantized === undefined ? {} : { neverQuantized: family.neverQuantized }),
    ...(family.softcappedLogits === true ? { softcap: true } : {}),
    ...(family.isCountedOnly === true ? { isCountedOnly: true } : {}),
  };
}

function rotary(family: LlamaLike, headDim: number): ModuleNode {
  const { layerTypes, rotaryShare = 1 } = family;
  return rotaryEmbedding(
    family.rotaryType ?? `${family.prefix}RotaryEmbedding`,
    Math.floor(headDim * rotaryShare),
    {
      ...(family.rotary?.endsWith("fp32") === true ? { keepsFp32: true } : {}),
      ...(family.rotaryIsComplex === true ? { isComplex: true } : {}),
      ...(family.rotaryIsInterleaved === true ? { isInterleaved: true } : {}),
      ...(family.rotaryGrid === undefined ? {} : { grid: family.rotaryGrid }),
      ...(family.rotaryPerLayerType === true && layerTypes !== undefined
        ? { perLayerType: [...new Set(layerTypes)].sort() }
        : {}),
    },
  );
}

function decoderForward(family: LlamaLike): DecoderForward {
  const { layerTypes, scaledEmbedding, scalesLate, embeddingDropout, unusedWindow } = family;
  const { hidesPositions, scalesAfterMasks } = family;
  return {
    ...USUAL_DECODER,
    ...(scaledEmbedding === true ? { scaledEmbedding: true } : {}),
    ...(scalesLate === true ? { scalesLate } : {}),
    ...(scalesAfterMasks === true ? { scalesAfterMasks } : {}),
    ...(embeddingDropout === undefined ? {} : { embeddingDropout }),
    ...(layerTypes === undefined ? {} : { layerTypes }),
    ...(unusedWindow === undefined ? {} : { unusedWindow }),
    ...(hidesPositions === undefined ? {} : { hidesPositions }),
    ...(family.alwaysMasks === true ? { alwaysMasks: true } : {}),
    ...(family.seesBothWays === true ? { seesBothWays: true } : {}),
  };
}

function decoderLayer(family: LlamaLike, sizes: Sizes, config: Config, index: number): ModuleNode {
  const norms = layerNorms(family, sizes.hiddenSize);
  const mixer = attention(family, sizes, config, index);
  return container(String(index), `${family.prefix}DecoderLayer`, {
    forward: {
      kind: "decoder_layer",
      attention: mixer.name,
      mlp: family.mlpName ?? "mlp",
      ...norms.names,
      ...(family.scaledResidual === true ? { scaledResidual: true } : {}),
      ...(family.isParallel === true ? { parallel: true, sharesNorm: true } : {}),
      ...(family.keepsNormed === true ? { keepsNormed: true } : {}),
      ...(family.passesChoice === true ? { returnsScores: true, takesChoice: true } : {}),
    },
    children: [
      mixer,
      mlp(family, sizes, config, index),
      ...norms.nodes,
      ...(family.layerTail?.(sizes) ?? []),
    ],
  });
}
