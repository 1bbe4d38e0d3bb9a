/**
 * Symbolic tensors (shape, strides, dtype and reference counts, but no values) and the autograd nodes that made them: each
 * holds the other, as in PyTorch.
 */

import type { Dtype } from "../../units/dtype.js";
import type { Shape } from "./layout.js";
import type { Section } from "./loop.js";
import type { Place } from "./outside.js";
import type { Kind } from "./tape.js";

/** Memory behind one or more tensors. It is released when its last tensor is. */
export class Storage {
  /** Of its allocation on the tape. */
  readonly id: number;
  /** Where it lies if not on the card, and how many bytes it stands for. */
  readonly elsewhere: { readonly place: Place; readonly bytes: number } | undefined;
  tensors = 0;

  constructor(id: number, elsewhere?: Storage["elsewhere"]) {
    this.id = id;
    this.elsewhere = elsewhere;
  }
}

/**
 * A tensor is born *floating*: the first operation that consumes it ends it, as the end of a Python expression ends its
 * temporaries. Variables, autograd nodes and gradient buffers hold references that keep it.
 */
export class Tensor {
  /** Another one once it was moved. */
  storage: Storage;
  readonly shape: Shape;
  readonly strides: Shape;
  readonly dtype: Dtype;
  requiresGrad = false;
  /** Node that computes the gradient of this tensor; undefined for leaves. */
  producer: Node | undefined;
  outputIndex = 0;
  /** Accumulator of a leaf, shared by all its uses while a graph needs it. */
  accumulator: Node | undefined;
  grad: Tensor | undefined;
  /** Layer a parameter belongs to, while equal layers are run once. */
  section: Section | undefined;
  references = 0;
  alive = true;

  constructor(storage: Storage, shape: Shape, strides: Shape, dtype: Dtype) {
    this.storage = storage;
    this.shape = shape;
    this.strides = strides;
    this.dtype = dtype;
    storage.tensors += 1;
  }

  get isLeaf(): boolean {
    return this.producer === undefined;
  }

  size(dim: number): number {
    return this.shape.at(dim) ?? 1;
  }
}

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

/** What is kept alive for as long as something knows it. */
export interface Releasable {
  release(): void;
}

// Thousands of nodes: what many of them lack they share.
const NO_TENSORS: readonly Tensor[] = [];
const NO_OUTPUTS: readonly OutputFacts[] = [];
const NO_SAVED: readonly Saved[] = [];

/** Decides what a node keeps of a tensor it saves; checkpointing replaces the default. */
export interface SavedTensorHook {
  readonly pack: (tensor: Tensor) => Saved;
}

/** What is fixed when a node is made. */
type NodeFacts = Pick<Node, "name" | "sequence" | "module" | "edges"> & {
  readonly leaf?: Tensor;
};

export class Node {
  readonly name: string;
  /** Later nodes run first in backward; accumulators (Infinity) run as soon as they are ready. */
  readonly sequence: number;
  readonly module: string | undefined;
  readonly edges: readonly (Edge | undefined)[];
  outputs: readonly OutputFacts[] = NO_OUTPUTS;
  saved: readonly Saved[] = NO_SAVED;
  /** Leaf whose `.grad` this node fills, for accumulators. */
  readonly leaf: Tensor | undefined;
  backward: Backward | undefined;
  /** Kind of what the forward allocated; its backward allocates the same. */
  kind: Kind = "activations";
  /** Loop iteration whose forward made the node. */
  section: Section | undefined;
  /** Tensors that Python code put on `ctx` as attributes: alive as long as the node. */
  attributes: readonly Tensor[] = NO_TENSORS;
  /** A Python function, whose arguments end before what it returned is brought to the dtype of its inputs. */
  isPython = false;
  /** A dictionary of tensors among them. */
  shared: Releasable | undefined;
  /** Tensors and edges that point here. */
  owners = 0;
  /** During backward: edges into the node that have not delivered yet. */
  pending = 0;
  /** During backward: gradients that have arrived, per output. */
  arrived: (Tensor | undefined)[] | undefined;

  constructor({ name, sequence, module, edges, leaf }: NodeFacts) {
    this.name = name;
    this.sequence = sequence;
    this.module = module;
    this.edges = edges;
    this.leaf = leaf;
  }
  /** Adds a tensor for backward. */
  keep(entry: Saved): void {
    this.saved = this.saved.length === 0 ? [entry] : [...this.saved, entry];
  }

  /** What was kept, which the node no longer has. */
  takeSaved(): readonly Saved[] {
    const { saved } = this;
    this.saved = NO_SAVED;
    return saved;
  }
}
