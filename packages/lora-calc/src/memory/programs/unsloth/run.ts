/** What a run of Unsloth keeps for all layers: buffers that weights are unpacked into, and that checkpoints come back in. */

import type { Dtype } from "../../../units/dtype.js";
import { elementCount } from "../../../units/dtype.js";
import { contiguousStrides } from "../../machine/layout.js";
import type { Shape } from "../../machine/layout.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { MIB } from "../../../units/format.js";
import type { UnslothUse } from "../../settings/unsloth-use.js";

/** Elements of a checkpoint buffer before a layer's input asks for more. Source: unsloth_zoo gradient_checkpointing.py. */
const INITIAL_ELEMENTS = 2 * 256 * 2048;

/** Where the input of a checkpointed layer waits: in the host's memory, coming back in one of two buffers, or as it is. */
export type Waiting = "host" | "kept";

export class UnslothRun {
  readonly use: UnslothUse;
  readonly dtype: Dtype;
  /** Until the first backward begins, whose smart checkpoints know the number of layers from then on. */
  isFirstPass = true;
  private readonly m: Machine;
  private readonly buffers = new Map<string, Tensor>();

  constructor(m: Machine, use: UnslothUse, dtype: Dtype) {
    this.m = m;
    this.use = use;
    this.dtype = dtype;
  }

  /** Rotary tables, which the model brings. */
  loadTables(): void {
    const { m, use } = this;
    m.withKind("buffers", () => {
      for (const { count, rows, dim, dtype } of use.tables) {
        for (let each = 0; each < 2 * count; each += 1)
          m.retain(m.empty("empty", [rows, dim], dtype));
      }
    });
  }

  /** What is on the card before training starts, beside model and adapters. */
  load(isCheckpointed: boolean): void {
    const { m, use } = this;
    m.withKind("buffers", () => {
      if (use.rules.loss === "full") m.retain(m.empty("empty", [use.maxSeqLength, 1], "int64"));
      if (use.rules.checkpoint !== "smart" || !isCheckpointed) return;
      this.grow("first", INITIAL_ELEMENTS, this.dtype);
      if (use.rules.doubleBuffer) this.grow("second", INITIAL_ELEMENTS, this.dtype);
    });
  }

  /** A view of the shared buffer that holds the largest matrix so far, and its block maxima beside it. */
  weight(shape: Shape, blocks: number, dtype: Dtype): Tensor {
    return this.m.withKind("buffers", () => {
      const whole = this.grow("weight", elementCount(shape), dtype);
      this.grow("absmax", blocks, "float32");
      return this.m.alias(whole, shape, contiguousStrides(shape));
    });
  }

  /** Where the input of a layer waits for its backward; a buffer for its return grows at once. */
  wait(hidden: Tensor, isLast: boolean): Waiting {
    const { rules } = this.use;
    if (rules.checkpoint === "offload") return "host";
    const elements = elementCount(hidden.shape);
    const offloadsLast = this.isFirstPass ? rules.offloadsFirstPass : !isLast;
    if (elements <= MIB || !offloadsLast) return "kept";
    this.m.withKind("buffers", () => {
      this.grow("first", elements, hidden.dtype);
      if (rules.doubleBuffer && !this.isFirstPass) this.grow("second", elements, hidden.dtype);
    });
    return "host";
  }

  /** The input of a layer, back from the host. */
  bring(shape: Shape, dtype: Dtype): Tensor {
    const { m, use } = this;
    const buffer = use.rules.checkpoint === "smart" ? this.buffers.get("first") : undefined;
    return buffer === undefined
      ? m.empty("empty", shape, dtype)
      : m.alias(buffer, shape, contiguousStrides(shape));
  }

  /** The buffer of a name, of at least so many elements: a larger one is made before the smaller one goes. */
  private grow(name: string, elements: number, dtype: Dtype): Tensor {
    const before = this.buffers.get(name);
    if (before !== undefined && elementCount(before.shape) >= elements) return before;
    const { m } = this;
    const larger = m.retain(m.empty("empty", [elements], dtype));
    this.buffers.set(name, larger);
    if (before !== undefined) m.release(before);
    return larger;
  }
}
