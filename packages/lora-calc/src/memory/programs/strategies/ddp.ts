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
import { missing } from "../../../problem/missing.js";
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
      for (const [dtype, count] of bufferSizes(root)) m.consume(m.empty("cat", [count], dtype));
    });
  },
};

/** Elements of all buffers by dtype, which the first card hands to the others in one piece each (broadcast_buffers). */
function bufferSizes(root: BoundModule): ReadonlyMap<Dtype, number> {
  const sizes = new Map<Dtype, number>();
  const visit = ({ node, buffers, children, elements, loop }: BoundModule, times: number): void => {
    for (const { name } of node.buffers) {
      const { dtype, shape } = buffers.get(name) ?? missing();
      addTo(sizes, dtype, elementCount(shape) * times);
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
