/** What routers do with tokens before they score them. */

import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { linear } from "../../machine/ops/matmul.js";
import { view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/** (tokens, hidden_size): most blocks flatten the tokens before they ask, others leave it to the router. */
export function flat(m: Machine, frame: Frame, hidden: Tensor): Tensor {
  return hidden.shape.length === 2 ? hidden : frame.hold(view(m, hidden, [-1, hidden.size(-1)]));
}

/** `F.linear(x.float(), weight.float())`. */
export function linearInFp32(m: Machine, hidden: Tensor, read: () => Tensor): Tensor {
  return m.frame((frame) => {
    const wide = frame.hold(cast(m, hidden, "float32"));
    return linear(m, wide, frame.hold(cast(m, read(), "float32")));
  });
}
