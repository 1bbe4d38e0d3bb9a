/**
 * bitsandbytes' AdamW: fp32 or block-wise 8-bit moments. Paged moments live in managed memory, outside the allocator.
 *
 * Source: bitsandbytes optim/optimizer.py `Optimizer2State`.
 */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { elementCount } from "../../../units/dtype.js";
import { forEachParameter } from "./each-parameter.js";
import type { Trained } from "../../load/trained.js";
import type { Optimizer } from "./optimizer.js";

/** Tensors with fewer elements keep 32-bit moments. */
const MIN_8BIT_ELEMENTS = 4096;
/** Tensors with fewer elements are not paged. */
const MIN_PAGED_ELEMENTS = 100_000;
const BLOCK_SIZE = 256;
const CODE_SIZE = 256;

export interface BitsAndBytesOptions {
  readonly bits: 8 | 32;
  readonly paged: boolean;
}

export function bitsAndBytesAdamw(
  { parameters, embeddings }: Trained,
  { bits, paged }: BitsAndBytesOptions,
): Optimizer {
  const withState = new Set<Tensor>();
  let hasCodes = false;
  const createState = (m: Machine, parameter: Tensor): void => {
    const elements = elementCount(parameter.shape);
    // Weights of embeddings keep 32-bit moments.
    const isQuantized = bits === 8 && elements >= MIN_8BIT_ELEMENTS && !embeddings.has(parameter);
    const dtype = isQuantized ? "uint8" : "float32";
    if (isQuantized && !hasCodes) {
      hasCodes = true;
      for (let code = 0; code < 2; code += 1) m.retain(m.empty("zeros", [CODE_SIZE], "float32"));
    }
    m.at(paged && elements >= MIN_PAGED_ELEMENTS ? "managed" : "cuda", () => {
      for (let moment = 0; moment < 2; moment += 1) {
        m.retain(m.empty("zeros_like", parameter.shape, dtype));
      }
    });
    if (!isQuantized) return;
    const blocks = [Math.ceil(elements / BLOCK_SIZE)];
    for (let scale = 0; scale < 2; scale += 1) m.retain(m.empty("zeros", blocks, "float32"));
  };
  return {
    step: (m) => {
      forEachParameter(m, parameters, (parameter) => {
        if (withState.has(parameter)) return;
        withState.add(parameter);
        createState(m, parameter);
      });
    },
  };
}
