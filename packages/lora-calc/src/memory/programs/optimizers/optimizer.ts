/** Optimizers: the state they create at the first step, and what a step needs besides. */

import type { Machine } from "../../machine/machine.js";

export interface Optimizer {
  readonly step: (m: Machine) => void;
}
