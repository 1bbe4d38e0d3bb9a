/** Optimizers: the state they create at the first step, and what a step needs besides. */

import type { Machine } from "../../machine/machine.js";

export interface Optimizer {
  readonly step: (m: Machine) => void;
  /** Bytes of state in managed (paged) memory, which the allocator does not see. */
  readonly managedBytes?: () => number;
}
