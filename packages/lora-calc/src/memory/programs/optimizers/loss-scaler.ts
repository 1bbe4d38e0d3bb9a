/**
 * The loss scaler of fp16 training: a factor on the loss, taken out of the gradients in place.
 *
 * Source: torch amp/grad_scaler.py `GradScaler`.
 */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";

export class LossScaler {
  readonly scale: Tensor;

  constructor(m: Machine) {
    const { scale } = m.withKind("logits", () => ({
      scale: m.retain(m.empty("full", [], "float32")),
      growthTracker: m.retain(m.empty("zeros", [], "int32")),
    }));
    this.scale = scale;
  }

  /** Divides the gradients; the flag for infinities, held. */
  unscale(m: Machine): Tensor {
    const double = m.empty("_to_copy", [], "float64");
    const reciprocal = m.empty("reciprocal", [], "float64");
    m.consume(double);
    const inverse = m.empty("_to_copy", [], "float32");
    m.consume(reciprocal);
    const found = m.retain(m.empty("zeros", [], "float32"));
    m.consume(inverse);
    return found;
  }
}
