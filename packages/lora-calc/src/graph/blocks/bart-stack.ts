/** Words and positions of the stacks that BART and its kin have, and what the stacks do with them. */

import type { PairedStackForward } from "../tree/encoder-decoder-forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, embedding } from "../tree/vocabulary.js";

export interface BartStackKind {
  readonly prefix: string;
  /** Class of the word embeddings when they scale their output. */
  readonly wordType?: string;
  /** The stack multiplies words itself, rather than their table. */
  readonly scalesWords?: boolean;
  /** Learned positions (counted from 2), sinusoids in a parameter, or in a buffer. */
  readonly positions: "learned" | "parameter" | "buffer";
  /** Variables of its decoder. */
  readonly keepsOnes?: boolean;
  readonly rebindsRange?: boolean;
  readonly normsEmbeddings: boolean;
  readonly normsLast: boolean;
}

/** Source: transformers models/bart/modeling_bart.py `BartLearnedPositionalEmbedding`. */
const POSITION_OFFSET = 2;

/** A table that scales its output runs an adapter in another way; the one that only shares its weight never runs. */
export function wordsForward(
  { wordType }: BartStackKind,
  name: string,
): Pick<ModuleNode, "forward"> {
  if (name === "shared") return { forward: { kind: "used_by_parent" } };
  return wordType === undefined ? {} : { forward: { kind: "scaled_embedding" } };
}

const PLACES = { learned: "learned", parameter: "fixed", buffer: "counted" } as const;

export function stackForward(
  kind: BartStackKind,
  isDecoder: boolean,
  dropout: number,
): PairedStackForward {
  return {
    ...{
      kind: "paired_stack",
      words: "embed_tokens",
      positions: "embed_positions",
      layers: "layers",
    },
    ...{
      places: PLACES[kind.positions],
      scalesWords: kind.scalesWords === true,
      isDecoder,
      dropout,
    },
    ...(kind.keepsOnes === true ? { keepsOnes: true } : {}),
    ...(kind.rebindsRange === true ? { rebindsRange: true } : {}),
    ...(kind.normsEmbeddings ? { embeddingNorm: "layernorm_embedding" } : {}),
    ...(kind.normsLast ? { finalNorm: "layer_norm" } : {}),
  };
}

export function positionsOf(
  { prefix, positions }: BartStackKind,
  places: number,
  hiddenSize: number,
): ModuleNode {
  switch (positions) {
    case "learned":
      return {
        ...embedding("embed_positions", places + POSITION_OFFSET, hiddenSize, {
          type: `${prefix}LearnedPositionalEmbedding`,
        }),
        forward: { kind: "used_by_parent" },
      };
    case "parameter":
      return {
        ...embedding("embed_positions", places, hiddenSize, {
          type: `${prefix}SinusoidalPositionalEmbedding`,
          isFrozen: true,
        }),
        forward: { kind: "used_by_parent" },
      };
    case "buffer":
      return container("embed_positions", `${prefix}SinusoidalPositionalEmbedding`, {
        forward: { kind: "used_by_parent" },
        buffers: [buffer("weights", [places + POSITION_OFFSET, hiddenSize], "model")],
      });
  }
}
