/** Symbolic tensors: shape, strides, dtype and reference counts, but no values. */

import type { Dtype } from "../../units/dtype.js";
import type { Section } from "./section.js";
import type { Node } from "./node.js";
import type { Shape } from "./layout.js";

/** Device memory behind one or more tensors. It is released when its last tensor is. */
export class Storage {
  readonly id: number;
  tensors = 0;

  constructor(id: number) {
    this.id = id;
  }
}

/**
 * A tensor is born *floating*: the first operation that consumes it ends it, as the end of a Python expression ends its
 * temporaries. Variables, autograd nodes and gradient buffers hold references that keep it.
 */
export class Tensor {
  readonly storage: Storage;
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
