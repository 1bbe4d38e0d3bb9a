/** One recorded operation of the autograd graph. */

import type { Dtype } from "../../units/dtype.js";
import type { Shape } from "./layout.js";
import type { Section } from "./section.js";
import type { Kind } from "./tape.js";
import type { Tensor } from "./tensor.js";

/** Where the gradient of an input goes: one output of another node. */
export interface Edge {
  readonly node: Node;
  readonly index: number;
}

/** Shape and dtype that a gradient must have when it arrives; the engine sums or casts it if it differs. */
export interface OutputFacts {
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** A tensor kept for backward: held directly, or to be asked for (checkpointing recomputes it). */
export interface Saved {
  unpack(): Tensor;
  discard(): void;
}

/**
 * Gradients of the inputs, in the order of the inputs, from the gradient of the first output. Entries whose input needs
 * no gradient are undefined. `saved` is in the order of saving; `all` has the gradients of every output.
 */
export type Backward = (
  gradient: Tensor,
  saved: readonly Tensor[],
  all: readonly (Tensor | undefined)[],
) => readonly (Tensor | undefined)[];

const NO_TENSORS: readonly Tensor[] = [];

/** Decides what a node keeps of a tensor it saves; checkpointing replaces the default. */
export interface SavedTensorHook {
  readonly pack: (tensor: Tensor) => Saved;
}

export class Node {
  readonly name: string;
  /** Later nodes run first in backward; accumulators (Infinity) run as soon as they are ready. */
  readonly sequence: number;
  readonly module: string | undefined;
  readonly edges: readonly (Edge | undefined)[];
  readonly outputs: OutputFacts[] = [];
  readonly saved: Saved[] = [];
  /** Leaf whose `.grad` this node fills, for accumulators. */
  readonly leaf: Tensor | undefined;
  backward: Backward | undefined;
  /** Kind of what the forward allocated; its backward allocates the same. */
  kind: Kind = "activations";
  /** Loop iteration whose forward made the node. */
  section: Section | undefined;
  /** Tensors that Python code put on `ctx` as attributes: alive as long as the node. */
  attributes: readonly Tensor[] = NO_TENSORS;
  /** Tensors and edges that point here. */
  owners = 0;
  /** During backward: edges into the node that have not delivered yet. */
  pending = 0;
  /** During backward: gradients that have arrived, per output. */
  arrived: (Tensor | undefined)[] | undefined;

  constructor(
    name: string,
    sequence: number,
    module: string | undefined,
    edges: readonly (Edge | undefined)[],
    leaf?: Tensor,
  ) {
    this.name = name;
    this.sequence = sequence;
    this.module = module;
    this.edges = edges;
    this.leaf = leaf;
  }
}
