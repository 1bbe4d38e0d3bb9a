/** The classes of one model_type, each as a tree: the one asked for is built, any other name is refused. */

import type { BuildContext } from "../tree/blueprint.js";
import type { EncoderDecoderForward } from "../tree/encoder-decoder-forward.js";
import type { CausalLmForward, ImageClassifierForward } from "../tree/forward.js";
import type { Buffer, Child, DecoderSizes, ModuleGraph, Parameter } from "../tree/module-graph.js";
import { container } from "../tree/vocabulary.js";
import { rejectClass } from "./task-heads.js";

/** A class of transformers as a tree. */
export interface ModelClass {
  readonly children: readonly (Child | undefined)[];
  /** Parameters of the model itself. */
  readonly parameters?: readonly Parameter[];
  readonly buffers?: readonly Buffer[];
  readonly inputEmbedding?: string;
  readonly outputEmbedding?: string;
  /** How it computes, where that is known. */
  readonly forward?: CausalLmForward | ImageClassifierForward | EncoderDecoderForward | undefined;
  /** Names of weights that are one, the first registered first. */
  readonly tied?: readonly string[];
  readonly hidesTies?: boolean;
}

export interface ModelClasses {
  readonly modelType: string;
  /** Built when none is named. */
  readonly usual: string;
  readonly classOfTask: Readonly<Record<string, string>>;
  readonly sizes: DecoderSizes;
  readonly neverQuantized?: readonly string[];
  /** Trees by class name. */
  readonly classes: Readonly<Record<string, () => ModelClass>>;
}

export function modelOfClass(parts: ModelClasses, context: BuildContext): ModuleGraph {
  const { modelType, usual, classes, classOfTask, sizes } = parts;
  const className = context.className ?? usual;
  const make = Object.hasOwn(classes, className) ? classes[className] : undefined;
  if (make === undefined) return rejectClass(modelType, className, Object.keys(classes));
  const { children, parameters, buffers, inputEmbedding, outputEmbedding, ...rest } = make();
  const { tied = [], hidesTies, forward } = rest;
  return {
    modelType,
    className,
    root: container("", className, {
      children,
      ...(parameters === undefined ? {} : { parameters }),
      ...(buffers === undefined ? {} : { buffers }),
      ...(forward === undefined ? {} : { forward }),
    }),
    ...(inputEmbedding === undefined ? {} : { inputEmbedding }),
    ...(outputEmbedding === undefined ? {} : { outputEmbedding }),
    classOfTask,
    decoder: sizes,
    ...(parts.neverQuantized === undefined ? {} : { neverQuantized: parts.neverQuantized }),
    tied: tied.length < 2 ? [] : [tied],
    ...(hidesTies === undefined ? {} : { hidesTies }),
  };
}
