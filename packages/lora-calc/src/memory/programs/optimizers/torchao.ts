/**
 * torchao's AdamW: both moments in blocks of 8 or 4 bits, each with its scales and its code. The update is compiled, and what
 * it holds meanwhile is not known here.
 *
 * Source: torchao optim/adam.py `_AdamBase._new_buffer`, optim/subclass_8bit.py, optim/subclass_4bit.py; transformers
 * trainer_optimizer.py `_get_torchao_optimizer` (blocks of 256). Certainty: read.
 */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { elementCount } from "../../../units/dtype.js";
import { forEachParameter } from "./each-parameter.js";
import type { Trained } from "../../load/trained.js";
import type { Optimizer } from "./optimizer.js";

/** Tensors with fewer elements, or with a block that is not whole, keep moments in their own dtype. */
const MIN_ELEMENTS = 4096;
const BLOCK_SIZE = 256;

export function torchaoAdamw({ parameters }: Trained, bits: 8 | 4): Optimizer {
  const withState = new Set<Tensor>();
  return {
    step: (m) => {
      forEachParameter(m, parameters, (parameter) => {
        if (withState.has(parameter)) return;
        withState.add(parameter);
        for (let moment = 0; moment < 2; moment += 1) keepMoment(m, parameter, bits);
      });
    },
  };
}

function keepMoment(m: Machine, { shape, dtype }: Tensor, bits: 8 | 4): void {
  const elements = elementCount(shape);
  if (elements < MIN_ELEMENTS || elements % BLOCK_SIZE !== 0) {
    m.retain(m.empty("zeros_like", shape, dtype));
    return;
  }
  m.retain(m.empty("zeros", bits === 8 ? shape : [elements / 2], "uint8"));
  m.retain(m.empty("zeros", [elements / BLOCK_SIZE], "float32"));
  m.retain(m.empty("lift_fresh", [2 ** bits], "float32"));
}
