/**
 * bitsandbytes' optimizers: fp32 or block-wise 8-bit states. Paged states live in managed memory, outside the allocator.
 *
 * Source: bitsandbytes optim/optimizer.py `Optimizer1State`, `Optimizer2State`; optim/ademamix.py `AdEMAMix.init_state`.
 */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Dtype } from "../../../units/dtype.js";
import { elementCount } from "../../../units/dtype.js";
import { forEachParameter } from "./each-parameter.js";
import type { Trained } from "../../load/trained.js";
import type { Optimizer } from "./optimizer.js";

/** Tensors with fewer elements keep 32-bit states. */
const MIN_8BIT_ELEMENTS = 4096;
/** Tensors with fewer elements are not paged. */
const MIN_PAGED_ELEMENTS = 100_000;
const BLOCK_SIZE = 256;
const CODE_SIZE = 256;

/** What an update keeps: AdamW two moments, Lion and RMSprop one, AdEMAMix a fast and a slow one in one tensor beside the second. */
export type KeptStates = "two" | "one" | "fast_and_slow";

export interface BitsAndBytesOptions {
  readonly keeps: KeptStates;
  readonly bits: 8 | 32;
  readonly paged: boolean;
}

export function bitsAndBytes(
  { parameters, embeddings }: Trained,
  { keeps, bits, paged }: BitsAndBytesOptions,
): Optimizer {
  const withState = new Set<Tensor>();
  let hasCodes = false;
  const createState = (m: Machine, parameter: Tensor): void => {
    const elements = elementCount(parameter.shape);
    // Weights of embeddings keep 32-bit states.
    const isQuantized = bits === 8 && elements >= MIN_8BIT_ELEMENTS && !embeddings.has(parameter);
    if (isQuantized && !hasCodes) {
      hasCodes = true;
      const codes = keeps === "one" ? 1 : 2;
      for (let code = 0; code < codes; code += 1)
        m.retain(m.empty("zeros", [CODE_SIZE], "float32"));
    }
    const place = paged && elements >= MIN_PAGED_ELEMENTS ? "managed" : "cuda";
    const dtype = isQuantized ? "uint8" : "float32";
    const blocks = isQuantized ? Math.ceil(elements / BLOCK_SIZE) : 0;
    KEEP[keeps](m, { shape: parameter.shape, dtype, place, blocks });
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

interface State {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly place: "managed" | "cuda";
  /** Blocks that are quantized with a scale each; 0 in 32 bits. */
  readonly blocks: number;
}

const KEEP: Readonly<Record<KeptStates, (m: Machine, state: State) => void>> = {
  one: (m, state) => {
    keepLike(m, state);
    keepScales(m, [state.blocks]);
  },
  two: (m, state) => {
    for (let moment = 0; moment < 2; moment += 1) keepLike(m, state);
    for (let scale = 0; scale < 2; scale += 1) keepScales(m, [state.blocks]);
  },
  fast_and_slow: (m, state) => {
    keepScales(m, [2, state.blocks]);
    keepScales(m, [state.blocks]);
    m.at(state.place, () => m.retain(m.empty("zeros", [2, ...state.shape], state.dtype)));
    keepLike(m, state);
  },
};

function keepLike(m: Machine, { shape, dtype, place }: State): void {
  m.at(place, () => m.retain(m.empty("zeros_like", shape, dtype)));
}

function keepScales(m: Machine, shape: readonly number[]): void {
  if (elementCount(shape) > 0) m.retain(m.empty("zeros", shape, "float32"));
}
