/** The frame that encoder-decoders share: what classes hold, which weights are one, which class is for which task. */

import type { BuildContext } from "../blueprint.js";
import type { Buffer, DecoderSizes, ModuleGraph, ModuleNode } from "../module-graph.js";
import { container } from "../vocabulary.js";
import { rejectClass } from "./task-heads.js";

/** A class of transformers as a tree. */
export interface EncoderDecoderClass {
  readonly children: readonly ModuleNode[];
  readonly buffers?: readonly Buffer[];
  readonly inputEmbedding?: string;
  readonly outputEmbedding?: string;
  /** Names of weights that are one, the first registered first. */
  readonly tied?: readonly string[];
  readonly hidesTies?: boolean;
}

export interface EncoderDecoderParts {
  readonly modelType: string;
  /** Class that is built when none is named: the one that generates. */
  readonly generation: string;
  readonly base: string;
  readonly classOfTask?: Readonly<Record<string, string>>;
  readonly sizes: DecoderSizes;
  /** Trees by class name. */
  readonly classes: Readonly<Record<string, () => EncoderDecoderClass>>;
}

export function encoderDecoder(parts: EncoderDecoderParts, context: BuildContext): ModuleGraph {
  const { modelType, generation, base, classes, sizes } = parts;
  const className = context.className ?? generation;
  const make = Object.hasOwn(classes, className) ? classes[className] : undefined;
  if (make === undefined) return rejectClass(modelType, className, Object.keys(classes));
  const { children, buffers = [], inputEmbedding, outputEmbedding, tied = [], hidesTies } = make();
  return {
    modelType,
    className,
    root: container("", className, { children, buffers }),
    ...(inputEmbedding === undefined ? {} : { inputEmbedding }),
    ...(outputEmbedding === undefined ? {} : { outputEmbedding }),
    classOfTask: { SEQ_2_SEQ_LM: generation, ...parts.classOfTask, FEATURE_EXTRACTION: base },
    decoder: sizes,
    tied: tied.length < 2 ? [] : [tied],
    ...(hidesTies === undefined ? {} : { hidesTies }),
  };
}
