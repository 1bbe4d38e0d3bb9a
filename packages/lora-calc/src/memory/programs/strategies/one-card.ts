/** A run on one card: nothing is added. */

import type { Strategy } from "./strategy.js";

export const oneCard: Strategy = {
  readsTo: "cuda",
  wrap: () => undefined,
  beforeForward: () => undefined,
};
