/**
 * Models whose classes lie in their repository (`trust_remote_code`) and not in transformers: counted by their modules, as
 * that code builds them. Judged: conformance/remote_code.py.
 */

import type { DecoderSizes, ModuleGraph, ModuleNode } from "../../tree/module-graph.js";
import type { BuildContext } from "../../tree/blueprint.js";
import type { CausalLmForward } from "../../tree/forward.js";
import { container } from "../../tree/vocabulary.js";
import { rejectClass } from "../../blocks/task-heads.js";

interface OwnCodeParts {
  readonly modelType: string;
  readonly className: string;
  /** What `architectures` calls it, too. */
  readonly alsoNamed?: readonly string[];
  readonly children: readonly ModuleNode[];
  readonly inputEmbedding: string;
  /** Absent where the class has no `get_output_embeddings`. */
  readonly outputEmbedding?: string;
  readonly decoder: DecoderSizes;
  readonly tied?: readonly (readonly string[])[];
  readonly castsItself?: ModuleGraph["castsItself"];
  readonly stops?: ModuleGraph["stops"];
  /** How the class computes, where that has a program. */
  readonly forward?: CausalLmForward;
}

/** The causal class; a repository's other classes are refused by name. */
export function ownCodeModel(parts: OwnCodeParts, { className: asked }: BuildContext): ModuleGraph {
  const { modelType, className, alsoNamed = [], children, inputEmbedding, decoder } = parts;
  const names = [className, ...alsoNamed];
  if (asked !== undefined && !names.includes(asked)) rejectClass(modelType, asked, names);
  return {
    modelType,
    className,
    root: container("", className, {
      children,
      ...(parts.forward === undefined ? {} : { forward: parts.forward }),
    }),
    inputEmbedding,
    ...(parts.outputEmbedding === undefined ? {} : { outputEmbedding: parts.outputEmbedding }),
    decoder,
    classOfTask: { CAUSAL_LM: className },
    ...(parts.stops === undefined ? {} : { stops: parts.stops }),
    ...(parts.castsItself === undefined ? {} : { castsItself: parts.castsItself }),
    tied: parts.tied ?? [],
    // Such classes are older than the list by which PEFT knows what is tied.
    ...(parts.tied === undefined ? {} : { hidesTies: true }),
  };
}
