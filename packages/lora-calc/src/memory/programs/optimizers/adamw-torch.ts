/** `torch.optim.AdamW`: two moments in the dtype of each parameter, and a step counter. */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { groupsByDtype } from "./by-dtype.js";
import { forEachParameter } from "./each-parameter.js";
import type { Optimizer } from "./optimizer.js";

/** The fused kernels update in place; the foreach kernels hold the square roots of all second moments of a dtype at once. */
export function torchAdamw(parameters: readonly Tensor[], kernel: "fused" | "foreach"): Optimizer {
  const withState = new Set<Tensor>();
  const counter = kernel === "fused" ? "zeros" : "lift_fresh";
  return {
    step: (m) => {
      forEachParameter(m, parameters, (parameter) => {
        if (withState.has(parameter)) return;
        withState.add(parameter);
        m.retain(m.empty(counter, [], "float32"));
        for (let moment = 0; moment < 2; moment += 1) {
          m.retain(m.empty("zeros_like", parameter.shape, parameter.dtype));
        }
      });
      if (kernel !== "foreach") return;
      squareRoots(m, groupsByDtype(parameters));
    },
  };
}

interface Root {
  readonly root: Tensor;
  readonly parameter: Tensor;
}

/** The variable of the roots keeps those of one dtype until those of the next are made. */
function squareRoots(m: Machine, groups: readonly (readonly Tensor[])[]): void {
  let held: readonly Root[] = [];
  for (const group of groups) {
    m.consume(m.empty("lift_fresh", [], "float32"));
    const roots: Root[] = [];
    forEachParameter(m, group, (parameter) => {
      const root = m.retain(m.empty("_foreach_sqrt", parameter.shape, parameter.dtype));
      roots.push({ root, parameter });
    });
    releaseAll(m, held);
    held = roots;
  }
  releaseAll(m, held);
}

function releaseAll(m: Machine, roots: readonly Root[]): void {
  for (const { root, parameter } of roots) {
    m.setSection(parameter.section);
    m.release(root);
  }
  m.leaveSection();
}
