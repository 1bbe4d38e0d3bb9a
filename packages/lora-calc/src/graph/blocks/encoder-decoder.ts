/** The frame that encoder-decoders share: which class is for which task. */

import type { BuildContext } from "../tree/blueprint.js";
import type { ModuleGraph } from "../tree/module-graph.js";
import { modelOfClass } from "./model-classes.js";
import type { ModelClasses } from "./model-classes.js";

export interface EncoderDecoderParts extends Pick<
  ModelClasses,
  "modelType" | "sizes" | "classes" | "neverQuantized"
> {
  /** Class that is built when none is named: the one that generates. */
  readonly generation: string;
  readonly base: string;
  readonly classOfTask?: Readonly<Record<string, string>>;
}

export function encoderDecoder(parts: EncoderDecoderParts, context: BuildContext): ModuleGraph {
  const { generation, base, ...rest } = parts;
  const classOfTask = {
    SEQ_2_SEQ_LM: generation,
    ...parts.classOfTask,
    FEATURE_EXTRACTION: base,
  };
  return modelOfClass({ ...rest, usual: generation, classOfTask }, context);
}
