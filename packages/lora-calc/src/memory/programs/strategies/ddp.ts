/**
 * DistributedDataParallel: every card holds everything, and a copy of all gradients to add up.
 *
 * The first backward's bucket holds all trained tensors of a dtype; later ones are cut at bucket_cap_mb, the old ones freed
 * first: the same bytes. Gradients are copied in and out (gradient_as_bucket_view is false for the Trainer), so they stay
 * tensors of their own.
 *
 * Source: torch 2.13 nn/parallel/distributed.py `_ddp_init_helper`, csrc/distributed/c10d/reducer.cpp; accelerate 1.15.
 */

import type { Dtype } from "../../../units/dtype.js";
import { elementCount } from "../../../units/dtype.js";
import type { BoundModule } from "../../load/bound-module.js";
import { standsFor } from "../../machine/loop.js";
import type { Strategy } from "./strategy.js";

export const ddp: Strategy = {
  readsTo: "host",
  wrap: (m, { trained }) => {
    const sizes = new Map<Dtype, number>();
    for (const { dtype, shape, section } of trained.parameters) {
      addTo(sizes, dtype, elementCount(shape) * m.multiplicity(section));
    }
    m.tape.phase = { part: "ddp" };
    m.withKind("communication", () => {
      // In the order in which gradients come: the last parameters first.
      for (const [dtype, count] of [...sizes].reverse()) m.retain(m.empty("empty", [count], dtype));
    });
  },
  beforeForward: (m, { root }, micro) => {
    // The Trainer's later micro-batches run under no_sync, and so does the forward after each of them.
    if (micro > 0) return;
    m.withKind("communication", () => {
      for (const [dtype, { elements, count }] of bufferSizes(root)) {
        if (count > 1) m.consume(m.empty("cat", [elements], dtype));
      }
    });
  },
};

/** What the first card hands to the others in one piece for each dtype (broadcast_buffers); a single buffer is no copy. */
interface Joined {
  readonly elements: number;
  readonly count: number;
}

function bufferSizes(root: BoundModule): ReadonlyMap<Dtype, Joined> {
  const sizes = new Map<Dtype, Joined>();
  const visit = ({ node, buffers, children, elements, loop }: BoundModule, times: number): void => {
    for (const { name } of node.buffers) {
      // A second name of a buffer is none of its own.
      const bound = buffers.get(name);
      if (bound === undefined) continue;
      const known = sizes.get(bound.dtype) ?? { elements: 0, count: 0 };
      sizes.set(bound.dtype, {
        elements: known.elements + elementCount(bound.shape) * times,
        count: known.count + times,
      });
    }
    for (const child of children.values()) visit(child, times);
    elements.forEach((element, iteration) => {
      visit(element, loop === undefined ? times : times * standsFor({ loop, iteration }));
    });
  };
  visit(root, 1);
  return sizes;
}
function addTo(sizes: Map<Dtype, number>, dtype: Dtype, elements: number): void {
  sizes.set(dtype, (sizes.get(dtype) ?? 0) + elements);
}
