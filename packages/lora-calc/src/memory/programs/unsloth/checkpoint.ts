/**
 * A layer whose input waits in the host's memory, and which is run again in backward with a graph of its own.
 *
 * Source: unsloth models/_utils.py `Unsloth_Offloaded_Gradient_Checkpointer`, unsloth_zoo gradient_checkpointing.py
 * `UnslothCheckpointFunction`.
 */

import { missing } from "../../../problem/missing.js";
import { backward } from "../../machine/engine.js";
import type { Machine } from "../../machine/machine.js";
import { withAutocast } from "../../machine/ops/cast.js";
import type { Tensor } from "../../machine/tensor.js";
import type { UnslothRun } from "./run.js";

export interface LayerCall {
  readonly run: (hidden: Tensor) => Tensor;
  readonly isLast: boolean;
}

export function offloadedCheckpoint(
  m: Machine,
  run: UnslothRun,
  hidden: Tensor,
  { run: layer, isLast }: LayerCall,
): Tensor {
  const autocast = m.autocast.dtype;
  const node = m.track("UnslothCheckpointFunction", [hidden]);
  const { shape, dtype } = hidden;
  const output = m.withoutGrad(() => {
    const waiting = run.wait(hidden, isLast);
    if (node !== undefined && waiting === "kept") m.save(node, hidden);
    return layer(hidden);
  });
  if (node !== undefined) {
    node.backward = (gradient, [kept]) => [
      m.frame((frame) => {
        run.isFirstPass = false;
        const input = frame.hold(kept === undefined ? run.bring(shape, dtype) : m.alias(kept));
        input.requiresGrad = true;
        withAutocast(m, autocast, () => {
          m.gradEnabled = true;
          const again = frame.hold(layer(input));
          m.gradEnabled = false;
          backward(m, [[again, gradient]]);
        });
        return input.grad ?? missing();
      }),
    ];
  }
  m.finish(node, [output], []);
  return output;
}
