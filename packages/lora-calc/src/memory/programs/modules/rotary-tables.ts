/** The tables of rotary position embeddings. */

import type { Dtype } from "../../../units/dtype.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { mulScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";

/** `rotary_emb(hidden, position_ids)`: cos and sin of shape (1, s, dim) in the given dtype. */
export function rotaryTables(
  m: Machine,
  module: BoundModule,
  positions: Tensor,
  hiddenDtype: Dtype,
): readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind !== "rotary") throw new Error(`${module.path} makes no rotary tables`);
  const dtype = forward.keepsFp32 === true ? "float32" : hiddenDtype;
  const [cos, sin] = m.withoutGrad(() =>
    m.call(module.path, [positions], (frame) => {
      const length = positions.size(-1);
      const [cosine, sine] = withAutocast(m, undefined, () => {
        module.kernels.rotaryAngles(m, frame, positions, forward.dim / 2);
        const isHalved = forward.isHalved === true;
        const shape = [1, length, isHalved ? forward.dim / 2 : forward.dim];
        if (!isHalved) frame.hold(m.empty("cat", shape, "float32"));
        return [
          frame.hold(mulScalar(m, m.empty("cos", shape, "float32"))),
          frame.hold(mulScalar(m, m.empty("sin", shape, "float32"))),
        ] as const;
      });
      return [cast(m, cosine, dtype), cast(m, sine, dtype)];
    }),
  );
  return [cos, sin];
}
